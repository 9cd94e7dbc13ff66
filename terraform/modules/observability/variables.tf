variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string
}

variable "environment" {
  description = "Name of the environment, as the tag Environment has it."
  type        = string
}

variable "recipients" {
  description = "Addresses that hear of alarms; each confirms once by a mail from AWS."
  type        = set(string)

  validation {
    condition     = length(var.recipients) > 0 && alltrue([for address in var.recipients : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "recipients holds at least one mail address."
  }
}

variable "budget_usd" {
  description = "US dollars a month: mail at 80 % spent, and when a month is expected to go over."
  type        = number

  validation {
    condition     = var.budget_usd > 0
    error_message = "budget_usd is above 0; it is ${var.budget_usd}."
  }
}

variable "database_identifier" {
  description = "Name of the database in metrics."
  type        = string
}

variable "load_balancer_metric" {
  description = "Name of the load balancer in metrics."
  type        = string
}

variable "target_groups" {
  description = "Names of the services' target groups in metrics, by service."
  type        = map(string)
}

variable "nat_gateway_ids" {
  description = "The NAT gateways."
  type        = list(string)
}

variable "flow_log_group" {
  description = "Name of the log group of flow runs."
  type        = string
}

variable "application_id" {
  description = "Id of the EMR Serverless application."
  type        = string
}

variable "cluster_arn" {
  description = "ARN of the ECS cluster."
  type        = string
}

variable "key_arn" {
  description = "ARN of the environment's KMS key."
  type        = string
}
