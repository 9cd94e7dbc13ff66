# Each alarm says what a person should look at.
locals {
  alarms = merge(
    {
      database-cpu = {
        about      = "The database has been busy for half an hour: look at its slow statements"
        space      = "AWS/RDS", metric = "CPUUtilization", statistic = "Average"
        dimensions = { DBInstanceIdentifier = var.database_identifier }
        above      = true, threshold = 80, period = 300, times = 6, missing = "missing"
      }
      database-disk = {
        about      = "Less than 2 GB of the database's disk is free: see whether it grows by itself"
        space      = "AWS/RDS", metric = "FreeStorageSpace", statistic = "Minimum"
        dimensions = { DBInstanceIdentifier = var.database_identifier }
        above      = false, threshold = 2147483648, period = 300, times = 2, missing = "breaching"
      }
      database-memory = {
        about      = "The database is short of memory: take a larger instance"
        space      = "AWS/RDS", metric = "FreeableMemory", statistic = "Average"
        dimensions = { DBInstanceIdentifier = var.database_identifier }
        above      = false, threshold = 104857600, period = 300, times = 6, missing = "missing"
      }
      pages-errors = {
        about      = "More than ten answers in five minutes were errors of a page or the API"
        space      = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum"
        dimensions = { LoadBalancer = var.load_balancer_metric }
        above      = true, threshold = 10, period = 300, times = 2, missing = "notBreaching"
      }
      entry-errors = {
        about      = "The load balancer itself answered with errors: a service is down or refuses connections"
        space      = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum"
        dimensions = { LoadBalancer = var.load_balancer_metric }
        above      = true, threshold = 10, period = 300, times = 2, missing = "notBreaching"
      }
      no-run-completed = {
        about      = "No flow run has completed for a day: look at Prefect's page, then at the worker's log"
        space      = local.run_metric.space, metric = local.run_metric.name, statistic = "Sum"
        dimensions = {}
        above      = false, threshold = 1, period = 86400, times = 1, missing = "breaching"
      }
      mail-returned = {
        about      = "More than 4 % of the mails came back: SES stops an account at 10 %"
        space      = "AWS/SES", metric = "Reputation.BounceRate", statistic = "Average"
        dimensions = {}
        above      = true, threshold = 0.04, period = 3600, times = 1, missing = "notBreaching"
      }
    },
    { for service, group in var.target_groups : "${service}-unhealthy" => {
      about      = "${service} has had no healthy task for five minutes"
      space      = "AWS/ApplicationELB", metric = "HealthyHostCount", statistic = "Maximum"
      dimensions = { LoadBalancer = var.load_balancer_metric, TargetGroup = group }
      above      = false, threshold = 1, period = 60, times = 5, missing = "breaching"
    } },
    { for i, gateway in var.nat_gateway_ids : "nat-${i}-ports" => {
      about      = "A NAT gateway refused connections: the sources are out of reach"
      space      = "AWS/NATGateway", metric = "ErrorPortAllocation", statistic = "Sum"
      dimensions = { NatGatewayId = gateway }
      above      = true, threshold = 0, period = 300, times = 1, missing = "notBreaching"
    } },
  )

  run_metric = { space = "Gridcast/${var.name}", name = "RunsCompleted" }
}

# Prefect's own line at the end of a good run.
resource "aws_cloudwatch_log_metric_filter" "runs" {
  name           = "${var.name}-runs-completed"
  log_group_name = var.flow_log_group
  pattern        = "\"Finished in state Completed\""

  metric_transformation {
    namespace = local.run_metric.space
    name      = local.run_metric.name
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.about
  namespace           = each.value.space
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.times
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
