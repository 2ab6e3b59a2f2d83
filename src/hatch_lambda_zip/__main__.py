"""``python -m hatch_lambda_zip``: the command ``hatch-lambda-zip``."""

from hatch_lambda_zip.cli import main

if __name__ == "__main__":
    main()
