variable "alarms" {
  type = map(object({
    namespace = string
    metric    = string
    statistic = string
    above     = optional(number)
    below     = optional(number)
    minutes   = number
    log_group = optional(string)
    pattern   = optional(string)
  }))
  description = "Alarms by name: a metric, and what it must not stay above or below for so many minutes. With a pattern the metric is counted in a log."

  validation {
    condition     = alltrue([for alarm in values(var.alarms) : (alarm.above == null) != (alarm.below == null)])
    error_message = "An alarm has one limit: above or below."
  }
}

variable "notify_emails" {
  type        = list(string)
  description = "Who is told."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts what is told."
}
