// Looks at the pages of the documentation in Chromium, and prints what was wrong as JSON.
// Arguments: a directory with node_modules, the browser, the site's address, its pages' paths.

import { createRequire } from "node:module";

const [modules, executablePath, address, ...paths] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const seen = { trouble: [], wide: [], found: {} };

for (const [name, width] of [["desktop", 1280], ["phone", 390]]) {
  const page = await (await browser.newContext({ viewport: { width, height: 844 } })).newPage();
  page.on("pageerror", (error) => seen.trouble.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (/^http/.test(url) && !url.startsWith(address)) seen.trouble.push(url);
  });
  for (const path of paths) {
    await page.goto(address + path);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wider > 0) seen.wide.push(`${name} ${path}: ${wider}`);
  }
  await page.goto(address);
  await page.locator("button.md-search__button, label.md-header__button[for=__search]")
    .filter({ visible: true }).first().click();
  await page.keyboard.type("is not how AWS names a runtime");
  const heading = page.getByRole("heading", { name: "is not how AWS names a runtime" }).first();
  await heading.waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/troubleshooting/);
  seen.found[name] = new URL(page.url()).pathname;
}
await browser.close();
console.log(JSON.stringify(seen));
