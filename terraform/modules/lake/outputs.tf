output "buckets" {
  description = "Names and ARNs of the landing, lakehouse and artifacts buckets."
  value       = { for key, bucket in aws_s3_bucket.data : key => { name = bucket.id, arn = bucket.arn } }
}

output "logs_bucket" {
  description = "Name of the bucket for access logs; its policy lets the load balancer write."
  value       = aws_s3_bucket_policy.logs.bucket
}

output "databases" {
  description = "Names of the Glue databases by layer."
  value       = { for layer, database in aws_glue_catalog_database.layer : layer => database.name }
}
