. "$ORACLE_LIB/lib.sh"
note "names in commands and listings"
t ipvsadm -A -t vip.example:http -s rr
t ipvsadm -A -u vip.example:http -s rr
t ipvsadm -A -u vip.example:domain -s rr
t ipvsadm -A -t vip.example:www -s rr
t ipvsadm -A -t VIP.EXAMPLE:https -s rr
t ipvsadm -A -t vip.example:HTTP -s rr
t ipvsadm -A --sctp-service vip.example:m2ua
t ipvsadm -A --sctp-service vip.example:http
t ipvsadm -A -t 10.0.0.99
t ipvsadm -A -t vip.example
t ipvsadm -A -t vip.example -p
t ipvsadm -A -t vip6.example -p
t ipvsadm -A -t '[vip6.example]:80'
t ipvsadm -A -t '[vip.example]:80' -p
t ipvsadm -A -t '[10.0.0.2]:80' -p
t ipvsadm -A -t '[10.0.0.3]' -p
t ipvsadm -A -t '[]:80' -p
t ipvsadm -A -t ']:80' -p
t ipvsadm -A -t '[' -p
t ipvsadm -A -t '[2001:db8::99]:http' -p
t ipvsadm -A -t '[2001:db8::98]:nosuch' -p
t ipvsadm -A -t '[2001:db8::99] :80' -p
t ipvsadm -A -t '2001:db8::97' -p
t ipvsadm -A -t '::ffff:10.0.0.9' -p
t ipvsadm -A -t '[::ffff:10.0.0.9]:80'
t ipvsadm -A -t '::' -p
t ipvsadm -A -t ':' -p
t ipvsadm -A -t '1::2::3' -p
t ipvsadm -A -t '0x0a000004:80'
t ipvsadm -A -t '0xa.5:80'
t ipvsadm -A -t '167772166:80'
t ipvsadm -A -t '10.0.7:80'
t ipvsadm -A -t '010.0.0.8:80'
t ipvsadm -A -t '10.0.0.9 :80'
t ipvsadm -A -t '10.0.0.9 x:80'
t ipvsadm -A -t ' 10.0.0.9:80'
t ipvsadm -A -t '10.0.0.10:80 '
t ipvsadm -A -t '10.0.0.10: 80'
t ipvsadm -A -t '10.0.0.11:080'
t ipvsadm -A -t '10.0.0.11:0x50'
t ipvsadm -A -t '10.0.0.12:+80'
t ipvsadm -A -t '08.0.0.1:80'
t ipvsadm -A -t '1234567890123456789012345678901234567890123456789012345678901234567890:80'
t ipvsadm -A -t '00000000000000000000000000000000000000000000000000010.0.0.1:80'
t ipvsadm -A -t '0.0.0.0:80'
t ipvsadm -A -t '255.255.255.255:80'
t ipvsadm -A -t '224.0.0.1:80'
t ipvsadm -A -t '[ff02::1]:80'
t ipvsadm -A -t '[::]:80'
t ipvsadm -a -t vip.example:http -r rs1.example -m
t ipvsadm -a -t vip.example:http -r rs2.example:https -m
t ipvsadm -a -t vip.example:http -r rs2.example:domain -m
t ipvsadm -a -u vip.example:domain -r rs2.example:domain -m
t ipvsadm -a -t vip.example:http -r localhost:8080 -m
t ipvsadm -a -t vip.example:http -r '[vip6.example]:80' -i
t ipvsadm -A -t 10.0.0.50:80 -p 5 -M vip.example
t ipvsadm -A -t 10.0.0.51:80 -p 5 -M ' 255.0.0.0'
t ipvsadm -A -t 10.0.0.52:80 -p 5 -M '255.0.0.0 '
t ipvsadm -A -t 10.0.0.53:80 -p 5 -M '0xffff0000'
t ipvsadm -A -t 10.0.0.54:80 -p 5 -M '2001:db8::'
t ipvsadm -A -t 10.0.0.55:80 -p 5 -M '255.255'
t ipvsadm -A -t 10.0.0.56:80 -p 5 -M '255.255.255.255.255'
t ipvsadm -A -t '[2001:db8::5]:80' -p 5 -M 255.255.255.0
t ipvsadm -A -t '[2001:db8::6]:80' -p 5 -M bogus
t ipvsadm -A -t '[2001:db8::7]:80' -p 5 -M '48x'
t ipvsadm -A -M 64 -t '[2001:db8::8]:80' -p 5
t ipvsadm -A -M bogus -t '[2001:db8::8]:80' -p 5
t ipvsadm -A -t '[2001:db8::9]:80' -M 64
t ipvsadm -Ln
t ipvsadm -L
t ipvsadm -S
t ipvsadm -Sn
t ipvsadm -L --stats
t ipvsadm -L --rate
t ipvsadm -L --thresholds
t ipvsadm -L --persistent-conn
t ipvsadm -L --tun-info
