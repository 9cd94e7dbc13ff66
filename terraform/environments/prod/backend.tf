# The bucket is in backend.hcl; S3 itself keeps the lock, so there is no DynamoDB table.
terraform {
  backend "s3" {}
}
