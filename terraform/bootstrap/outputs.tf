output "state" {
  description = "Bucket and key of Terraform's state, for each environment's backend.hcl and tfvars."
  value = {
    bucket     = aws_s3_bucket.state.id
    bucket_arn = aws_s3_bucket.state.arn
    key_arn    = aws_kms_key.state.arn
  }
}

output "repositories" {
  description = "Addresses of the image registries."
  value       = { for target, repository in aws_ecr_repository.image : target => repository.repository_url }
}
