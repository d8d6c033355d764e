# The internet reaches nothing but HTTPS, and a group names only groups that exist.
package atmos

import data.ranges
import rego.v1

errors contains message if {
	some name, group in input.vars.groups
	some rule, peer in group.ingress
	peer.cidr in ranges.public
	peer.port != 443
	message := sprintf("group %s, rule %s: port %d is open to the internet", [name, rule, peer.port])
}

errors contains message if {
	some name, group in input.vars.groups
	some rule, peer in group.ingress
	peer.group
	not input.vars.groups[peer.group]
	message := sprintf("group %s, rule %s: there is no group %s", [name, rule, peer.group])
}
