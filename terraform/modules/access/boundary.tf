# The most that any role of the environment may ever do, whatever its own policy says: no IAM, no
# network, nothing of another environment. The deploying role can make roles only with it.
data "aws_iam_policy_document" "boundary" {
  # checkov:skip=CKV_AWS_107:a boundary grants nothing; it caps what the roles' own policies say
  # checkov:skip=CKV_AWS_108:the same
  # checkov:skip=CKV_AWS_109:the same
  # checkov:skip=CKV_AWS_110:the same
  # checkov:skip=CKV_AWS_111:the same
  # checkov:skip=CKV_AWS_356:the same
  statement {
    sid       = "Buckets"
    actions   = ["s3:*Object*", "s3:*MultipartUpload*", "s3:ListBucket", "s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::${var.name}-*"]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main.arn]
  }

  statement {
    sid = "Named"
    actions = [
      "ecs:DescribeTaskDefinition",
      "ecs:DescribeTasks",
      "ecs:RunTask",
      "ecs:StopTask",
      "ecs:TagResource",
      "emr-serverless:*JobRun*",
      "emr-serverless:GetApplication",
      "emr-serverless:StartApplication",
      "glue:*Database*",
      "glue:*Partition*",
      "glue:*Table*",
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogGroups",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
      "logs:PutRetentionPolicy",
      "secretsmanager:GetSecretValue",
      "ses:SendEmail",
      "ses:SendRawEmail",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [local.region]
    }
  }

  statement {
    sid = "Images"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetAuthorizationToken",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "Pass"
    actions   = ["iam:PassRole"]
    resources = [local.role_arns]
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  path        = local.role_path
  description = "The most that a role of ${var.name} may do"
  policy      = data.aws_iam_policy_document.boundary.json
}
