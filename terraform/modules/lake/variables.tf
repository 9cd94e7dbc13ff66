variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.name))
    error_message = "name is 3 to 24 lower-case letters, digits and hyphens; it is '${var.name}'."
  }
}

variable "key_arn" {
  description = "ARN of the environment's KMS key."
  type        = string
}

variable "old_versions_days" {
  description = "Days for which overwritten or deleted files of the lakehouse can be brought back."
  type        = number

  validation {
    condition     = var.old_versions_days >= 7
    error_message = "old_versions_days is at least 7; it is ${var.old_versions_days}."
  }
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "protected" {
  description = "Whether buckets and versions of objects are kept from deletion."
  type        = bool
}

variable "keeper_arns" {
  description = "ARN patterns of the roles that may delete buckets and versions in spite of protection."
  type        = list(string)

  validation {
    condition     = length(var.keeper_arns) > 0
    error_message = "keeper_arns names at least one role; without any nobody could ever clear a bucket."
  }
}
