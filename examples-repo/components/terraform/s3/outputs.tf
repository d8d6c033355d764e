output "bucket_arn" {
  value       = aws_s3_bucket.this.arn
  description = "The bucket, for policies."
}
