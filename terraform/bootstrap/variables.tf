variable "region" {
  description = "AWS region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.region))
    error_message = "region is a name such as eu-west-1; it is '${var.region}'."
  }
}

variable "account_id" {
  description = "The AWS account; Terraform refuses any other."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id has 12 digits; it is '${var.account_id}'."
  }
}
