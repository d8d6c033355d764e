locals {
  peered = var.peer_transit_gateway_id != null
}

resource "aws_ec2_transit_gateway" "this" {
  description                    = local.name
  amazon_side_asn                = var.amazon_side_asn
  auto_accept_shared_attachments = var.auto_accept_attachments ? "enable" : "disable"
  tags                           = merge(local.tags, { Name = local.name })
}

resource "aws_ec2_transit_gateway_peering_attachment" "this" {
  count = local.peered ? 1 : 0

  transit_gateway_id      = aws_ec2_transit_gateway.this.id
  peer_transit_gateway_id = var.peer_transit_gateway_id
  peer_region             = var.peer_region
  tags                    = merge(local.tags, { Name = "${local.name}-${var.peer_region}" })
}

# The catch-all for the other region; networks attached here announce longer prefixes.
resource "aws_ec2_transit_gateway_route" "peer" {
  count = local.peered ? 1 : 0

  destination_cidr_block         = var.routed_cidr
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_peering_attachment.this[0].id
  transit_gateway_route_table_id = aws_ec2_transit_gateway.this.association_default_route_table_id
}
