#!/bin/sh
# Creates each function, or updates it where AWS has other code than dist/.
#     ROLE=arn:aws:iam::123456789012:role/shop ./deploy.sh
set -eu

field() {
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"
}

for manifest in dist/*-lambda.json; do
  name=shop-$(field "$manifest" function)
  zip=fileb://dist/$(field "$manifest" artifact)
  deployed=$(aws lambda list-functions --output text \
    --query "Functions[?FunctionName=='$name'].CodeSha256")
  if [ "$deployed" = "$(field "$manifest" sha256_base64)" ]; then
    echo "$name: nothing to do"
  elif [ -n "$deployed" ]; then
    aws lambda update-function-code --function-name "$name" --zip-file "$zip" > /dev/null
    echo "$name: updated"
  else
    aws lambda create-function --function-name "$name" --zip-file "$zip" --role "$ROLE" \
      --handler "$(field "$manifest" handler)" --runtime "$(field "$manifest" runtime)" \
      --architectures "$(field "$manifest" architecture)" > /dev/null
    echo "$name: created"
  fi
done
