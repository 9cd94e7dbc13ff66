output "application" {
  description = "Id and ARN of the EMR Serverless application."
  value = {
    id  = aws_emrserverless_application.spark.id
    arn = aws_emrserverless_application.spark.arn
  }
}

output "security_group_id" {
  description = "Security group of the workers."
  value       = aws_security_group.spark.id
}

output "logs" {
  description = "Where the logs of jobs lie in S3, by application and job."
  value       = local.logs
}

output "log_group" {
  description = "Name and ARN of the log group of drivers and executors."
  value = {
    name = aws_cloudwatch_log_group.spark.name
    arn  = aws_cloudwatch_log_group.spark.arn
  }
}
