# Small, in a VPC of its own, and gone with one 'terraform destroy'. The account, domain, zone and
# repository are placeholders: put in your own.
environment = "live-testing"
region      = "eu-west-1"
account_id  = "111122223333"
repository  = "example/gridcast"
domain      = "gridcast-testing.example.org"
zone_id     = "Z0000000000000000000"
image_tag   = "0.1.0"
protected   = false
keeper_arns = ["arn:aws:iam::111122223333:role/administrator"]

# Once prod stands, name its lakehouse bucket and key here: a release is judged beside production.
reader = { environment = "live-testing-verdict", others = [] }

state = {
  bucket_arn = "arn:aws:s3:::gridcast-terraform-state-111122223333"
  key_arn    = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"
}

network = {
  cidr                = "10.20.0.0/16"
  zones               = ["a", "b"]
  nat_per_zone        = false
  interface_endpoints = []
  flow_log_traffic    = "REJECT"
  # GitHub's runners ask the API whether a release answers, and their addresses change.
  allowed_cidrs = ["0.0.0.0/0"]
}

spark = {
  runner              = "emr"
  release             = "emr-spark-8.2.0"
  capacity            = { vcpu = 16, memory_gb = 64, disk_gb = 200 }
  worker              = { vcpu = 4, memory_gb = 16, disk_gb = 40 }
  warm_workers        = {}
  idle_minutes        = 5
  max_concurrent_runs = 2
  options             = {}
}

database         = { instance_class = "db.t4g.micro", storage_gb = 20, two_zones = false, backup_days = 7 }
password_version = 1

sizes = {
  prefect    = { cpu = 512, memory = 1024 }
  worker     = { cpu = 256, memory = 1024 }
  flow       = { cpu = 2048, memory = 8192 }
  mlflow     = { cpu = 512, memory = 2048 }
  api        = { cpu = 256, memory = 1024 }
  dashboards = { cpu = 256, memory = 1024 }
  sql        = { cpu = 1024, memory = 4096 }
}
counts             = { api = 1, dashboards = 1, sql = 0 }
flow_storage_gib   = 30
work_pool          = "gridcast-ecs"
api_public         = true
sql_callers        = {}
container_insights = "enabled"

gridcast_environment = {}

mail_recipients  = ["testing@example.org"]
alarm_recipients = ["operator@example.org"]

budget_usd        = 250
log_days          = 30
old_versions_days = 7
