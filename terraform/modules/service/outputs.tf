output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.task.id
}

output "task_definition_arn" {
  description = "ARN of the task definition, with its revision."
  value       = aws_ecs_task_definition.task.arn
}

output "family" {
  description = "Name of the task definition, without its revision."
  value       = aws_ecs_task_definition.task.family
}

output "execution_role_arn" {
  description = "ARN of the role that starts the tasks."
  value       = aws_iam_role.execution.arn
}

output "log_group" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.task.name
}

output "target_group" {
  description = "The part of the target group's ARN that metrics carry; null without a route."
  value       = one(aws_lb_target_group.task[*].arn_suffix)
}
