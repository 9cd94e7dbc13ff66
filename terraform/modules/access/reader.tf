# GitHub's workflows that judge a release read the tables with this role, and can do nothing else.
data "aws_iam_policy_document" "reader_github" {
  # checkov:skip=CKV_AWS_358:the claim is one repository and one environment; checkov does not follow the variable, whose validation asks for OWNER/NAME
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::${local.account}:oidc-provider/token.actions.githubusercontent.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.repository}:environment:${var.reader.environment}"]
    }
  }
}

# Outside the path of the environment's roles: the deploying role cannot change it.
resource "aws_iam_role" "reader" {
  name                 = "${var.name}-reader"
  path                 = "/deploy/"
  description          = "GitHub reads the lakehouse of ${var.environment} with it"
  assume_role_policy   = data.aws_iam_policy_document.reader_github.json
  max_session_duration = 21600
}

data "aws_iam_policy_document" "reader" {
  source_policy_documents = [data.aws_iam_policy_document.read_lake.json]

  dynamic "statement" {
    for_each = length(var.reader.others) > 0 ? [1] : []
    content {
      sid     = "ReadOthers"
      actions = ["s3:GetObject", "s3:ListBucket"]
      resources = concat(
        [for lake in var.reader.others : lake.bucket_arn],
        [for lake in var.reader.others : "${lake.bucket_arn}/*"],
      )
    }
  }

  dynamic "statement" {
    for_each = length(var.reader.others) > 0 ? [1] : []
    content {
      sid       = "DecryptOthers"
      actions   = ["kms:Decrypt"]
      resources = [for lake in var.reader.others : lake.key_arn]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${local.region}.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_role_policy" "reader" {
  name   = "read"
  role   = aws_iam_role.reader.id
  policy = data.aws_iam_policy_document.reader.json
}
