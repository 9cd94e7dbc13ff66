# The tables' places in Glue, so that Athena and others find them by name.
resource "aws_glue_catalog_database" "layer" {
  for_each = toset(["bronze", "silver", "gold"])

  name         = "${replace(var.name, "-", "_")}_${each.value}"
  description  = "Gridcast's ${each.value} tables"
  location_uri = "s3://${aws_s3_bucket.data["lakehouse"].id}/${each.value}/"
}
