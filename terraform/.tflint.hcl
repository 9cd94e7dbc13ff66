# Every rule of Terraform's own set, and those of AWS (deployments/checks/terraform builds both).
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

plugin "aws" {
  enabled = true
}
