# Prints GRUB's name of the first menu entry that starts the system whose `init=…` is given, with the titles of the menus it
# is in before it: "NixOS - All configurations>NixOS - Configuration 12". Reads grub.cfg.
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
