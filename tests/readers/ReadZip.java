// Prints the SHA-256 and the name of each member: java ReadZip.java file|stream ZIP

import java.io.FileInputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

public class ReadZip {
    static final PrintStream OUT;

    static {
        try {
            OUT = new PrintStream(System.out, false, "UTF-8");
        } catch (java.io.UnsupportedEncodingException error) {
            throw new IllegalStateException(error);
        }
    }

    public static void main(String[] words) throws Exception {
        if (words[0].equals("file")) {
            try (ZipFile zip = new ZipFile(words[1])) {
                for (ZipEntry entry : Collections.list(zip.entries())) {
                    show(entry, zip.getInputStream(entry));
                }
            }
        } else {
            try (ZipInputStream zip = new ZipInputStream(new FileInputStream(words[1]))) {
                for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                    show(entry, zip);
                }
            }
        }
        OUT.flush();
    }

    static void show(ZipEntry entry, InputStream stream) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(stream.readAllBytes());
        OUT.print(String.format("%064x %s\n", new BigInteger(1, digest), entry.getName()));
    }
}
