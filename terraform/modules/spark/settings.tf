# What every job finds set. A job may say otherwise.
locals {
  python = "/opt/gridcast/bin/python"

  spark_defaults = {
    # The image's Python, packages and program. Its Delta is among Spark's own jars.
    "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON" = local.python
    "spark.emr-serverless.driverEnv.PYSPARK_PYTHON"        = local.python
    "spark.executorEnv.PYSPARK_PYTHON"                     = local.python
    "spark.emr-serverless.driverEnv.PYTHONPATH"            = "/app"
    "spark.executorEnv.PYTHONPATH"                         = "/app"

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
