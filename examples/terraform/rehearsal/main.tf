# What ../aws/main.tf says, with terraform_data in place of functions and layer: no account, no provider.

locals {
  dist = "${path.module}/../dist"
  functions = {
    for name in ["invoices", "orders"] : name => jsondecode(file("${local.dist}/${name}-lambda.json"))
  }
  libraries = jsondecode(file("${local.dist}/libraries-layer.json"))
}

resource "terraform_data" "function" {
  for_each = local.functions
  input = {
    filename         = "${local.dist}/${each.value.artifact}"
    source_code_hash = each.value.sha256_base64
    layers           = [terraform_data.libraries.id]
  }

  lifecycle {
    precondition {
      condition     = filebase64sha256("${local.dist}/${each.value.artifact}") == each.value.sha256_base64
      error_message = "${each.value.artifact} is not what its manifest describes: build it again."
    }
  }
}

# A new one for each hash, as with layers' versions.
resource "terraform_data" "libraries" {
  triggers_replace = filebase64sha256("${local.dist}/${local.libraries.artifact}")
}
