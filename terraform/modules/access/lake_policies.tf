# Reading and writing the lake. Nobody may change a bucket; landed bodies are put and never deleted.
data "aws_iam_policy_document" "read_lake" {
  statement {
    sid       = "Look"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.buckets.lakehouse.arn]
  }

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.lakehouse.arn}/*"]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "write_lake" {
  statement {
    sid       = "Look"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [for bucket in values(var.buckets) : bucket.arn]
  }

  statement {
    sid       = "Land"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.buckets.landing.arn}/*"]
  }

  # The leases of tables below .lanes/ are objects of the lakehouse bucket: put where none is or what was read, and read.
  statement {
    sid = "Write"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = [
      "${var.buckets.lakehouse.arn}/*",
      "${var.buckets.artifacts.arn}/jobs/*",
      "${var.buckets.artifacts.arn}/reports/*",
      "${var.buckets.artifacts.arn}/spark-logs/*",
    ]
  }

  statement {
    sid       = "Encrypt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "keep_models" {
  statement {
    sid       = "LookForModels"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.artifacts.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["mlflow", "mlflow/*"]
    }
  }

  statement {
    sid       = "KeepModels"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.buckets.artifacts.arn}/mlflow/*"]
  }

  statement {
    sid       = "EncryptModels"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "catalogue" {
  statement {
    sid = "Catalogue"
    actions = [
      "glue:CreateTable",
      "glue:GetDatabase",
      "glue:GetPartitions",
      "glue:GetTable",
      "glue:GetTables",
      "glue:UpdateTable",
    ]
    resources = concat(
      ["arn:aws:glue:${local.region}:${local.account}:catalog"],
      [for name in values(var.databases) : "arn:aws:glue:${local.region}:${local.account}:database/${name}"],
      [for name in values(var.databases) : "arn:aws:glue:${local.region}:${local.account}:table/${name}/*"],
    )
  }
}
