output "bucket_arn" {
  value       = aws_s3_bucket.this.arn
  description = "The bucket, for policies."
}

output "bucket_name" {
  value       = aws_s3_bucket.this.id
  description = "The bucket, for services that ask for its name."
}
