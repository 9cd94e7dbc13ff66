bucket       = "gridcast-terraform-state-111122223333"
key          = "prod/terraform.tfstate"
region       = "eu-west-1"
encrypt      = true
kms_key_id   = "alias/gridcast-terraform"
use_lockfile = true
