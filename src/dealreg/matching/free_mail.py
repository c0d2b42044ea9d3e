"""Domains whose addresses anybody can have; they name no company."""

_PROVIDERS = """
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com aol.com icloud.com
me.com mac.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de posteo.de mailbox.org proton.me
protonmail.com tutanota.com mail.ru bk.ru list.ru inbox.ru yandex.ru yandex.com ukr.net wp.pl o2.pl onet.pl
interia.pl seznam.cz orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it alice.it tin.it
telenet.be skynet.be ziggo.nl kpnmail.nl telia.com btinternet.com sky.com talktalk.net comcast.net verizon.net
att.net sbcglobal.net bellsouth.net cox.net rediffmail.com qq.com 163.com 126.com sina.com foxmail.com
naver.com daum.net hanmail.net uol.com.br bol.com.br terra.com.br zoho.com mail.com email.com fastmail.com
hey.com hotmail.co.uk hotmail.fr hotmail.de yahoo.co.uk yahoo.de yahoo.fr yahoo.co.jp
"""

FREE_MAIL = frozenset(_PROVIDERS.split())
"""The well-known mail providers by country; one that is missing only makes a candidate that a person tells apart."""
