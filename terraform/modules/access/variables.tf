variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string
}

variable "environment" {
  description = "Name of the environment, as GitHub's environment and the tag Environment have it."
  type        = string
}

variable "repository" {
  description = "GitHub repository that deploys, as OWNER/NAME."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is OWNER/NAME; it is '${var.repository}'."
  }
}

variable "reader" {
  description = "GitHub environment whose workflow reads the lakehouse, and lakehouses of other environments, in the same account, that it reads beside it."
  type = object({
    environment = string
    others      = list(object({ bucket_arn = string, key_arn = string }))
  })
}

variable "state" {
  description = "Bucket of Terraform's state and its key, as bootstrap made them."
  type = object({
    bucket_arn = string
    key_arn    = string
  })
}

variable "repository_arns" {
  description = "ARNs of the ECR repositories that deployments push to."
  type        = list(string)
}

variable "zone_id" {
  description = "Route 53 zone of the domain."
  type        = string
}

variable "domain" {
  description = "Domain of the pages."
  type        = string
}

variable "pages" {
  description = "Hosts below the domain that ask for a login."
  type        = set(string)
}

variable "buckets" {
  description = "The lake's buckets."
  type = object({
    landing   = object({ name = string, arn = string })
    lakehouse = object({ name = string, arn = string })
    artifacts = object({ name = string, arn = string })
  })
}

variable "databases" {
  description = "Names of the Glue databases by layer."
  type        = map(string)
}

variable "application_arn" {
  description = "ARN of the EMR Serverless application."
  type        = string
}

variable "spark_log_group_arn" {
  description = "ARN of the log group of Spark's drivers and executors."
  type        = string
}

variable "cluster" {
  description = "The ECS cluster."
  type = object({
    name = string
    arn  = string
  })
}

variable "flow" {
  description = "What the worker starts: family of the definition, and the role that starts it."
  type = object({
    family             = string
    execution_role_arn = string
  })
}

variable "mail_sender" {
  description = "The address that reports come from."
  type        = string
}

variable "mail_identity_arns" {
  description = "SES identity and configuration set to send with."
  type        = list(string)
}

variable "protected" {
  description = "Whether key, logins and data are kept from deletion."
  type        = bool
}
