output "topic_arn" {
  value       = aws_sns_topic.alarms.arn
  description = "Where other alarms may send to."
}
