# A registry for each image of deployments/pipeline/images. A tag is never moved: what was tested is
# what runs.
resource "aws_ecr_repository" "image" {
  for_each = toset(["full", "api", "dashboards", "spark", "scorer"])

  name                 = "gridcast/${each.value}"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.state.arn
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_ecr_lifecycle_policy" "image" {
  for_each = aws_ecr_repository.image

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Enough to go back to"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 30 }
      action       = { type = "expire" }
    }]
  })
}

# EMR Serverless itself pulls the image of its workers.
data "aws_iam_policy_document" "spark_image" {
  statement {
    sid = "EmrServerless"
    actions = [
      "ecr:BatchGetImage",
      "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer",
    ]

    principals {
      type        = "Service"
      identifiers = ["emr-serverless.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:emr-serverless:${var.region}:${var.account_id}:/applications/*"]
    }
  }
}

resource "aws_ecr_repository_policy" "spark" {
  repository = aws_ecr_repository.image["spark"].name
  policy     = data.aws_iam_policy_document.spark_image.json
}
