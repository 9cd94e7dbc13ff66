variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string
}

variable "domain" {
  description = "Domain that mails come from, such as gridcast.example.org."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain is a name such as gridcast.example.org; it is '${var.domain}'."
  }
}

variable "zone_id" {
  description = "Route 53 zone that answers for the domain."
  type        = string
}

variable "topic_arn" {
  description = "ARN of the SNS topic that hears of returned mails."
  type        = string
}
