# What the functions' own log lines (docs/logs.md) say, as metrics, alerts and one dashboard.

locals {
  revisions = join(" OR ", [for key in keys(local.functions) : "resource.labels.service_name=\"${local.names[key]}\""])
  ours      = "resource.type=\"cloud_run_revision\" AND (${local.revisions})"

  # name => which lines, what is measured in them (nothing: they are counted), and by which of their fields
  metrics = {
    handoffs = {
      about  = "Handoffs that moved, by where to"
      lines  = "jsonPayload.event=\"handoff\""
      value  = null
      unit   = "1"
      fields = ["provider", "outcome"]
    }
    waiting_seconds = {
      about  = "From asking for a person to somebody being there"
      lines  = "jsonPayload.event=\"handoff\" AND jsonPayload.outcome=\"active\""
      value  = "jsonPayload.seconds"
      unit   = "s"
      fields = ["provider"]
    }
    turn_milliseconds = {
      about  = "Time of one answer to Dialogflow, which waits five seconds"
      lines  = "jsonPayload.event=\"turn\""
      value  = "jsonPayload.milliseconds"
      unit   = "ms"
      fields = ["outcome"]
    }
    relay_milliseconds = {
      about  = "From taking a customer's message to the desk having it"
      lines  = "jsonPayload.event=\"job.send\" AND jsonPayload.outcome=\"done\""
      value  = "jsonPayload.waited"
      unit   = "ms"
      fields = ["provider"]
    }
    outbox_depth = {
      about  = "Jobs of a session that wait, whenever one is done"
      lines  = "jsonPayload.event=~\"^job[.]\""
      value  = "jsonPayload.waiting"
      unit   = "1"
      fields = ["provider"]
    }
    late_seconds = {
      about  = "How late after its time a session was looked after"
      lines  = "jsonPayload.event=\"due\""
      value  = "jsonPayload.late"
      unit   = "s"
      fields = []
    }
    dead_letters = {
      about  = "Words that were given up"
      lines  = "jsonPayload.event=\"dead_letter\""
      value  = null
      unit   = "1"
      fields = ["provider", "reason"]
    }
    refused_callers = {
      about  = "Callers that did not prove who they are"
      lines  = "jsonPayload.event=\"refused\" AND jsonPayload.status=401"
      value  = null
      unit   = "1"
      fields = ["provider"]
    }
    faults = {
      about  = "Requests that ended in an error of ours or of what is behind us"
      lines  = "jsonPayload.event=(\"bug\" OR \"store\" OR \"bridge\")"
      value  = null
      unit   = "1"
      fields = ["event"]
    }
  }
  counted = { for name, one in local.metrics : name => one if one.value == null }

  alerts = {
    errors = {
      title  = "requests fail"
      filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\" AND (${local.revisions}) AND metric.labels.response_code_class=\"5xx\""
      among  = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\" AND (${local.revisions})"
      align  = "ALIGN_RATE"
      reduce = "REDUCE_SUM"
      above  = 0.02
      for    = "120s"
      help   = "More than two requests of a hundred end in 5xx. The lines with event bug, store or bridge say which."
    }
    slow_turns = {
      title  = "turns are slow"
      filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["turn_milliseconds"].name}\""
      among  = null
      align  = "ALIGN_PERCENTILE_95"
      reduce = "REDUCE_MAX"
      above  = 3000 # the bridge itself answers after 4 s, whatever is still open
      for    = "300s"
      help   = "One answer in twenty takes longer than 3 s; Dialogflow gives up at 5. Look at job.* lines: which provider is slow?"
    }
    dead_letters = {
      title  = "words did not arrive"
      filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["dead_letters"].name}\""
      among  = null
      align  = "ALIGN_DELTA"
      reduce = "REDUCE_SUM"
      above  = 0
      for    = "0s"
      help   = "`handoff dead-letters` lists them with their reasons, `handoff replay` sends them again."
    }
    overdue = {
      title  = "nobody looks after sessions"
      filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["late_seconds"].name}\""
      among  = null
      align  = "ALIGN_PERCENTILE_99"
      reduce = "REDUCE_MAX"
      above  = 180
      for    = "0s"
      help   = "The oldest due session waited for more than three minutes, or the sweep of every minute has not been answered for ten: does the scheduler job run, and does wake answer it?"
      # If nobody comes at all, there is no line that says so.
      absent = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.names["wake"]}\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"2xx\""
    }
    refused_callers = {
      title  = "callers are refused"
      filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["refused_callers"].name}\""
      among  = null
      align  = "ALIGN_RATE"
      reduce = "REDUCE_SUM"
      above  = 0.2
      for    = "300s"
      help   = "More than twelve a minute do not prove who they are: a secret that was changed on one side only, or somebody who tries."
    }
  }
}

resource "google_logging_metric" "this" {
  for_each = local.metrics

  name        = "${var.name}/${each.key}"
  description = each.value.about
  filter      = "${local.ours} AND ${each.value.lines}"

  value_extractor  = each.value.value == null ? null : "EXTRACT(${each.value.value})"
  label_extractors = { for field in each.value.fields : field => "EXTRACT(jsonPayload.${field})" }

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = each.value.value == null ? "INT64" : "DISTRIBUTION"
    unit         = each.value.unit
    display_name = each.value.about

    dynamic "labels" {
      for_each = each.value.fields
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  dynamic "bucket_options" {
    for_each = each.value.value[*]
    content {
      exponential_buckets {
        num_finite_buckets = 80 # a fifth apart, up to 25 days in seconds
        growth_factor      = 1.2
        scale              = 1
      }
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  display_name = "${var.name}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.needed]
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = "${var.name}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = [for one in google_monitoring_notification_channel.email : one.name]
  user_labels           = local.labels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      # With it the threshold is a share of these.
      denominator_filter = each.value.among
      duration           = each.value.for

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.value.align
        cross_series_reducer = each.value.reduce
      }

      dynamic "denominator_aggregations" {
        for_each = each.value.among[*]
        content {
          alignment_period     = "60s"
          per_series_aligner   = each.value.align
          cross_series_reducer = each.value.reduce
        }
      }
    }
  }

  dynamic "conditions" {
    for_each = try(each.value.absent, null)[*]
    content {
      display_name = "${each.value.title}: not a sign"

      condition_absent {
        filter   = conditions.value
        duration = "600s"

        aggregations {
          alignment_period     = "60s"
          per_series_aligner   = "ALIGN_DELTA"
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.help}\n\nWhat to do, step by step: docs/deploy.md, \"When an alert comes\"."
  }

  alert_strategy {
    auto_close = "1800s"
  }
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = "Live-agent handoff: ${var.name}"
    mosaicLayout = {
      columns = 12
      tiles = [
        for place, name in sort(keys(local.metrics)) : {
          xPos   = (place % 3) * 4
          yPos   = floor(place / 3) * 4
          width  = 4
          height = 4
          widget = {
            title = local.metrics[name].about
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this[name].name}\""
                    aggregation = {
                      alignmentPeriod    = "60s"
                      perSeriesAligner   = contains(keys(local.counted), name) ? "ALIGN_DELTA" : "ALIGN_PERCENTILE_95"
                      crossSeriesReducer = contains(keys(local.counted), name) ? "REDUCE_SUM" : "REDUCE_MAX"
                      groupByFields      = [for field in local.metrics[name].fields : "metric.label.\"${field}\""]
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })

  depends_on = [google_project_service.needed]
}
