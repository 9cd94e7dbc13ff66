# Failures that have no metric: a Spark job that failed, a service whose tasks do not come up.
locals {
  events = {
    job-failed = {
      about   = "A Spark job failed"
      pattern = { source = ["aws.emr-serverless"], "detail-type" = ["EMR Serverless Job Run State Change"], detail = { state = ["FAILED"], applicationId = [var.application_id] } }
    }
    deployment-failed = {
      about   = "A service could not start its tasks and went back"
      pattern = { source = ["aws.ecs"], "detail-type" = ["ECS Deployment State Change"], detail = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }, resources = [{ prefix = "${replace(var.cluster_arn, ":cluster/", ":service/")}/" }] }
    }
    out-of-memory = {
      about   = "A container was killed for its memory"
      pattern = { source = ["aws.ecs"], "detail-type" = ["ECS Task State Change"], detail = { clusterArn = [var.cluster_arn], lastStatus = ["STOPPED"], containers = { exitCode = [137] } } }
    }
  }
}

resource "aws_cloudwatch_event_rule" "failure" {
  for_each = local.events

  name          = "${var.name}-${each.key}"
  description   = each.value.about
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "failure" {
  for_each = local.events

  rule      = aws_cloudwatch_event_rule.failure[each.key].name
  target_id = "alarms"
  arn       = aws_sns_topic.alarms.arn
}
