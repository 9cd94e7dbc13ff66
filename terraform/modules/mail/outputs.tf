output "sender" {
  description = "The address that reports come from."
  value       = "gridcast@${aws_sesv2_email_identity.domain.email_identity}"
}

output "identity_arns" {
  description = "What a role needs to send: the identity and its configuration set."
  value       = [aws_sesv2_email_identity.domain.arn, aws_sesv2_configuration_set.reports.arn]
}
