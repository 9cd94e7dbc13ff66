# Kept from deletion, in two zones. The account, domain, zone and repository are placeholders: put in
# your own.
environment = "prod"
region      = "eu-west-1"
account_id  = "111122223333"
repository  = "example/gridcast"
domain      = "gridcast.example.org"
zone_id     = "Z0000000000000000000"
image_tag   = "0.1.0"
protected   = true
keeper_arns = ["arn:aws:iam::111122223333:role/administrator"]

reader = { environment = "offline-testing", others = [] }

state = {
  bucket_arn = "arn:aws:s3:::gridcast-terraform-state-111122223333"
  key_arn    = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"
}

network = {
  cidr         = "10.10.0.0/16"
  zones        = ["a", "b"]
  nat_per_zone = true
  # Without these the same goes through NAT: by TLS, too, but over public addresses.
  interface_endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
  flow_log_traffic    = "ALL"
  allowed_cidrs       = ["0.0.0.0/0"]
}

spark = {
  runner              = "emr"
  release             = "emr-spark-8.2.0"
  capacity            = { vcpu = 64, memory_gb = 256, disk_gb = 800 }
  worker              = { vcpu = 4, memory_gb = 16, disk_gb = 40 }
  warm_workers        = {}
  idle_minutes        = 5
  max_concurrent_runs = 6
  options             = {}
}

database         = { instance_class = "db.t4g.small", storage_gb = 50, two_zones = true, backup_days = 30 }
password_version = 1

sizes = {
  prefect    = { cpu = 1024, memory = 2048 }
  worker     = { cpu = 256, memory = 1024 }
  flow       = { cpu = 4096, memory = 16384 }
  mlflow     = { cpu = 512, memory = 2048 }
  api        = { cpu = 512, memory = 1024 }
  dashboards = { cpu = 512, memory = 1024 }
  sql        = { cpu = 2048, memory = 8192 }
}
counts             = { api = 2, dashboards = 2, sql = 0 }
flow_storage_gib   = 60
work_pool          = "gridcast-ecs"
api_public         = true
sql_callers        = {}
container_insights = "enabled"

gridcast_environment = {}

mail_recipients  = ["energy@example.org"]
alarm_recipients = ["operator@example.org"]

budget_usd        = 600
log_days          = 365
old_versions_days = 30
