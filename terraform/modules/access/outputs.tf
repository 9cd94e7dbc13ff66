output "key_arn" {
  description = "ARN of the environment's KMS key."
  value       = aws_kms_key.main.arn
}

output "boundary_arn" {
  description = "ARN of the permissions boundary of every role of the environment."
  value       = aws_iam_policy.boundary.arn
}

output "task_role_arns" {
  description = "The role of each task."
  value       = { for task, role in aws_iam_role.task : task => role.arn }
}

output "job_role_arn" {
  description = "ARN of the role of Spark jobs."
  value       = aws_iam_role.job.arn
}

output "deploy_role_arn" {
  description = "ARN of the role that GitHub deploys with."
  value       = aws_iam_role.deploy.arn
}

output "reader_role_arn" {
  description = "ARN of the role that GitHub reads the lakehouse with."
  value       = aws_iam_role.reader.arn
}

output "login" {
  description = "The Cognito user pool that people log in with."
  value = {
    user_pool_arn = aws_cognito_user_pool.people.arn
    client_id     = aws_cognito_user_pool_client.load_balancer.id
    domain        = aws_cognito_user_pool_domain.people.domain
  }
}

output "user_pool_id" {
  description = "Where an administrator makes accounts of people."
  value       = aws_cognito_user_pool.people.id
}
