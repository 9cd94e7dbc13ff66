variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.name))
    error_message = "name is 3 to 24 lower-case letters, digits and hyphens; it is '${var.name}'."
  }
}

variable "cidr" {
  description = "Address range of the VPC, a /16; each environment has its own."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "cidr is a /16 such as 10.20.0.0/16; it is '${var.cidr}'."
  }
}

variable "availability_zones" {
  description = "Zones to use; the load balancer and the database need two."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 4
    error_message = "availability_zones has 2 to 4 zones; it has ${length(var.availability_zones)}."
  }
}

variable "nat_per_zone" {
  description = "Whether each zone has a NAT gateway; else all go through the first zone's."
  type        = bool
}

variable "interface_endpoints" {
  description = "AWS services reached by an endpoint in the VPC instead of NAT, such as ecr.api."
  type        = set(string)
}

variable "domain" {
  description = "Domain below which the hosts are, such as gridcast.example.org."
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

variable "hosts" {
  description = "Hosts below the domain that lead to the load balancer."
  type        = set(string)
}

variable "allowed_cidrs" {
  description = "Addresses that may reach the load balancer."
  type        = set(string)

  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "allowed_cidrs holds address ranges such as 198.51.100.0/24."
  }
}

variable "web_acl_arn" {
  description = "A web application firewall (WAF) for the load balancer; null for none."
  type        = string
  default     = null
}

variable "flow_log_traffic" {
  description = "What the flow log holds: REJECT or ALL."
  type        = string

  validation {
    condition     = contains(["REJECT", "ALL"], var.flow_log_traffic)
    error_message = "flow_log_traffic is REJECT or ALL; it is '${var.flow_log_traffic}'."
  }
}

variable "logs_bucket" {
  description = "Bucket for the load balancer's access log."
  type        = string
}

variable "key_arn" {
  description = "ARN of the environment's KMS key."
  type        = string
}

variable "boundary_arn" {
  description = "ARN of the permissions boundary of every role of the environment."
  type        = string
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "protected" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
}
