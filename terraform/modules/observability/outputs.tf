output "topic_arn" {
  description = "ARN of the alarm topic; its policy lets AWS's services publish."
  value       = aws_sns_topic_policy.alarms.arn
}
