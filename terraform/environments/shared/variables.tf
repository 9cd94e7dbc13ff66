variable "environment" {
  description = "Name of the environment: live-testing or prod."
  type        = string

  validation {
    condition     = contains(["live-testing", "prod"], var.environment)
    error_message = "environment is live-testing or prod; it is '${var.environment}'."
  }
}

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

variable "repository" {
  description = "GitHub repository that deploys, as OWNER/NAME."
  type        = string
}

variable "reader" {
  description = "GitHub environment whose workflow reads the lakehouse, and lakehouses of other environments, in the same account, that it reads beside it."
  type = object({
    environment = string
    others      = list(object({ bucket_arn = string, key_arn = string }))
  })
}

variable "state" {
  description = "Bucket and key of Terraform's state: the output 'state' of bootstrap."
  type = object({
    bucket_arn = string
    key_arn    = string
  })
}

variable "protected" {
  description = "Whether data, key, logins and load balancer are kept from deletion."
  type        = bool
}

variable "keeper_arns" {
  description = "ARN patterns of administrators' roles that may delete buckets and versions in spite of protection."
  type        = list(string)
}

variable "image_tag" {
  description = "Tag of the images to run; the tag of a release or a commit."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "image_tag names one release or commit, never 'latest'; it is '${var.image_tag}'."
  }
}

variable "domain" {
  description = "Domain of the pages and of the mails' sender, such as gridcast.example.org."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone that answers for the domain."
  type        = string
}

variable "network" {
  description = "The VPC: its /16, letters of its zones, NAT, endpoints, flow log, who may come in, WAF."
  type = object({
    cidr                = string
    zones               = list(string)
    nat_per_zone        = bool
    interface_endpoints = set(string)
    flow_log_traffic    = string
    allowed_cidrs       = set(string)
    web_acl_arn         = optional(string)
  })
}

variable "spark" {
  description = "Where steps with Spark run (emr; local: in the flow's task), and EMR Serverless: release, limit of all jobs, size of a worker, warm workers, Spark settings."
  type = object({
    release             = string
    runner              = string
    capacity            = object({ vcpu = number, memory_gb = number, disk_gb = number })
    worker              = object({ vcpu = number, memory_gb = number, disk_gb = number })
    warm_workers        = map(number)
    idle_minutes        = number
    max_concurrent_runs = number
    options             = map(string)
  })

  validation {
    condition     = contains(["emr", "local"], var.spark.runner)
    error_message = "spark.runner is emr or local; it is '${var.spark.runner}'."
  }
}

variable "database" {
  description = "PostgreSQL: instance class, disk, second zone, days of backups."
  type = object({
    instance_class = string
    storage_gb     = number
    two_zones      = bool
    backup_days    = number
  })
}

variable "password_version" {
  description = "Raise it to give the database a new password."
  type        = number
  default     = 1
}

variable "sizes" {
  description = "CPU units and memory in MiB of each task."
  type = object({
    prefect    = object({ cpu = number, memory = number })
    worker     = object({ cpu = number, memory = number })
    flow       = object({ cpu = number, memory = number })
    mlflow     = object({ cpu = number, memory = number })
    api        = object({ cpu = number, memory = number })
    dashboards = object({ cpu = number, memory = number })
    sql        = object({ cpu = number, memory = number })
  })
}

variable "counts" {
  description = "How many tasks of API, dashboards and SQL server run."
  type = object({
    api        = number
    dashboards = number
    sql        = number
  })
}

variable "flow_storage_gib" {
  description = "Ephemeral disk of a flow run in GiB."
  type        = number
}

variable "work_pool" {
  description = "Name of Prefect's ECS work pool, as deployments/prefect.yaml has it."
  type        = string
}

variable "gridcast_environment" {
  description = "GRIDCAST_ variables of every program beside profile and lakehouse."
  type        = map(string)
}

variable "api_public" {
  description = "Whether the API has a host at the load balancer; callers bring a key."
  type        = bool
}

variable "sql_callers" {
  description = "Security groups that may reach the SQL server, by name."
  type        = map(string)
}

variable "container_insights" {
  description = "CloudWatch's metrics of containers: disabled, enabled or enhanced."
  type        = string
}

variable "mail_recipients" {
  description = "Who gets the daily report."
  type        = list(string)
}

variable "alarm_recipients" {
  description = "Who hears of alarms."
  type        = set(string)
}

variable "budget_usd" {
  description = "US dollars a month that the environment may cost before a mail says so."
  type        = number
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_days)
    error_message = "CloudWatch keeps logs for 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731 days; log_days is ${var.log_days}."
  }
}

variable "old_versions_days" {
  description = "Days for which overwritten or deleted files of the lakehouse can be brought back."
  type        = number
}
