# What ../aws/main.tf says, with terraform-aws-modules/lambda, which hashes the zips itself.

locals {
  dist = "${path.module}/../dist"
  functions = {
    for name in ["invoices", "orders"] : name => jsondecode(file("${local.dist}/${name}-lambda.json"))
  }
  libraries = jsondecode(file("${local.dist}/libraries-layer.json"))
}

module "function" {
  source   = "terraform-aws-modules/lambda/aws"
  version  = "~> 8.0"
  for_each = local.functions

  function_name          = each.key
  create_package         = false
  local_existing_package = "${local.dist}/${each.value.artifact}"
  runtime                = each.value.runtime
  architectures          = [each.value.architecture]
  handler                = each.value.handler
  layers                 = [module.libraries.lambda_layer_arn]
}

module "libraries" {
  source  = "terraform-aws-modules/lambda/aws"
  version = "~> 8.0"

  create_layer             = true
  layer_name               = "libraries"
  create_package           = false
  local_existing_package   = "${local.dist}/${local.libraries.artifact}"
  compatible_runtimes      = [local.libraries.runtime]
  compatible_architectures = [local.libraries.architecture]
}
