locals {
  dist = "${path.module}/../dist"
  functions = {
    for name in ["invoices", "orders"] : name => jsondecode(file("${local.dist}/${name}-lambda.json"))
  }
  libraries = jsondecode(file("${local.dist}/libraries-layer.json"))
}

resource "aws_lambda_function" "function" {
  for_each         = local.functions
  function_name    = each.key
  role             = aws_iam_role.function.arn
  filename         = "${local.dist}/${each.value.artifact}"
  source_code_hash = each.value.sha256_base64
  runtime          = each.value.runtime
  architectures    = [each.value.architecture]
  handler          = each.value.handler
  layers           = [aws_lambda_layer_version.libraries.arn]

  lifecycle {
    precondition {
      condition     = filebase64sha256("${local.dist}/${each.value.artifact}") == each.value.sha256_base64
      error_message = "${each.value.artifact} is not what its manifest describes: build it again."
    }
  }
}

resource "aws_lambda_layer_version" "libraries" {
  layer_name               = "libraries"
  filename                 = "${local.dist}/${local.libraries.artifact}"
  source_code_hash         = filebase64sha256("${local.dist}/${local.libraries.artifact}")
  compatible_runtimes      = [local.libraries.runtime]
  compatible_architectures = [local.libraries.architecture]
}

resource "aws_iam_role" "function" {
  name = "orders"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
