# Three buckets: bodies as received, the Delta tables, and what programs make (models, reports, jobs).
# A fourth takes access logs.
locals {
  buckets = {
    landing   = { expire_old_versions_days = 30 }
    lakehouse = { expire_old_versions_days = var.old_versions_days }
    artifacts = { expire_old_versions_days = 90 }
  }
  bucket_names = merge(
    { for key, bucket in aws_s3_bucket.data : key => bucket.id },
    { logs = aws_s3_bucket.logs.id },
  )
}

data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "data" {
  # checkov:skip=CKV_AWS_144:one region; what can be rebuilt is rebuilt from landing, and versions undo a deletion
  # checkov:skip=CKV2_AWS_62:nothing listens to bucket events; runs are started by schedules
  # checkov:skip=CKV2_AWS_6:aws_s3_bucket_public_access_block.all is for each bucket
  # checkov:skip=CKV_AWS_21:aws_s3_bucket_versioning.all is for each bucket
  for_each = local.buckets

  bucket        = "${var.name}-${each.key}-${data.aws_caller_identity.current.account_id}"
  force_destroy = !var.protected
}

resource "aws_s3_bucket_ownership_controls" "all" {
  for_each = local.bucket_names

  bucket = each.value

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "all" {
  for_each = local.bucket_names

  bucket                  = each.value
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "all" {
  for_each = local.bucket_names

  bucket = each.value

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  for_each = aws_s3_bucket.data

  bucket = each.value.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.key_arn
    }
  }
}

resource "aws_s3_bucket_logging" "data" {
  for_each = aws_s3_bucket.data

  bucket        = each.value.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "s3/${each.key}/"
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  for_each = local.buckets

  bucket = aws_s3_bucket.data[each.key].id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = each.value.expire_old_versions_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 3
    }
  }

  # Raw bodies are read again only by a rebuild.
  dynamic "rule" {
    for_each = each.key == "landing" ? [1] : []
    content {
      id     = "seldom-read"
      status = "Enabled"

      filter {
        object_size_greater_than = 131072
      }

      transition {
        days          = 90
        storage_class = "STANDARD_IA"
      }
    }
  }

  # A lease of a table is an object that is put all day.
  dynamic "rule" {
    for_each = each.key == "lakehouse" ? [1] : []
    content {
      id     = "leases"
      status = "Enabled"

      filter {
        prefix = ".lanes/"
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.all]
}

module "guard" {
  source = "../guard"

  protected = var.protected
  holds     = { for key, bucket in aws_s3_bucket.data : key => bucket.arn }
}
