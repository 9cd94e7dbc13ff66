# Who may do what: the environment's key, the boundary of its roles, a role for each task, the role that
# GitHub deploys with, and the login of people.
data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.region
  # Every role of an environment has this path, so that one rule names them all.
  role_path = "/${var.name}/"
  role_arns = "arn:aws:iam::${local.account}:role${local.role_path}*"
}
