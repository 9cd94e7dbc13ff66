# What every job finds set. A job may say otherwise.
locals {
  spark_defaults = {
    # Where the release keeps Delta. An image with Delta's jars among Spark's own sets it to "".
    "spark.jars" = join(",", [
      for jar in ["delta-spark", "delta-storage"] : "/usr/share/aws/delta/lib/${jar}.jar"
    ])
    "spark.sql.extensions"                      = "io.delta.sql.DeltaSparkSessionExtension"
    "spark.sql.catalog.spark_catalog"           = "org.apache.spark.sql.delta.catalog.DeltaCatalog"
    "spark.sql.session.timeZone"                = "UTC"
    "spark.driver.extraJavaOptions"             = "-Duser.timezone=UTC"
    "spark.executor.extraJavaOptions"           = "-Duser.timezone=UTC"
    "spark.driver.cores"                        = tostring(var.worker.vcpu)
    "spark.driver.memory"                       = "${local.heap_gb}g"
    "spark.executor.cores"                      = tostring(var.worker.vcpu)
    "spark.executor.memory"                     = "${local.heap_gb}g"
    "spark.emr-serverless.driver.disk"          = "${var.worker.disk_gb}g"
    "spark.emr-serverless.executor.disk"        = "${var.worker.disk_gb}g"
    "spark.dynamicAllocation.enabled"           = "true"
    "spark.dynamicAllocation.maxExecutors"      = tostring(local.most_executors)
    "spark.databricks.delta.snapshotPartitions" = "2"
    # delta-rs, which the API reads with, does not take deletion vectors.
    "spark.databricks.delta.properties.defaults.enableDeletionVectors" = "false"
  }

  # EMR adds a tenth to the heap for what lies outside it; together they are the worker's memory.
  heap_gb = floor(var.worker.memory_gb / 1.1)
  # One worker of the capacity is the driver's.
  most_executors = max(1, floor(var.capacity.vcpu / var.worker.vcpu) - 1)
}
