# Reads grub.cfg and prints the GRUB name of the first menu entry that starts the system with this `init=…`, preceded by the
# titles of its menus: "NixOS - All configurations>NixOS - Configuration 12".
/^[[:space:]]*(submenu|menuentry)[[:space:]]/ {
	split($0, part, "\"")
	titles[++depth] = part[2]
}
index($0 " ", " " init " ") {
	for (i = 1; i <= depth; i++) path = path (i > 1 ? ">" : "") titles[i]
	print path
	exit
}
/^[[:space:]]*}[[:space:]]*$/ && depth > 0 { depth-- }
