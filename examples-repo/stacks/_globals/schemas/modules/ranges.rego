# Ranges that rules speak of.
package ranges

# Everybody.
public := {"0.0.0.0/0", "::/0"}
