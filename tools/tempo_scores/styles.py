"""Styles of MMA's library with the tempi at which people play them.

MMA (Musical MIDI Accompaniment, Debian package `mma`, GPL-2) has hundreds of accompaniments in its
library but no tempi. A range here is from the library's own remarks where it makes them, else what
dance teachers and arrangers take for the style. The files of `../benchmarks/truth.py` are left out,
since they judge; so are those in which nobody can say what one beat is.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """Where a file of the library is, and how fast it is played.

    `slowest` and `fastest` are in beats a minute. A beat is `steps` of MMA's own beats: three in
    6/8, where MMA counts eighths.
    """

    file: str
    slowest: int
    fastest: int
    steps: float = 1


_TEMPI = """
casio/16beat1 96 116
casio/16beat2 92 112
casio/16beat3 110 128
casio/16beatballad1 62 82
casio/16beatballad2 62 82
casio/16beatballad3 62 82
casio/16shuffle1 84 106
casio/16shuffle2 86 108
casio/60spop 114 134
casio/60srock 110 140
casio/60ssoul 100 126
casio/68ballad 50 70 3
casio/80spop 108 130
casio/8beat1 100 130
casio/8beat2 100 130
casio/8beat3 104 132
casio/8beatballad1 66 86
casio/8beatballad2 66 86
casio/8beatballad3 68 90
casio/8beatdance 114 132
casio/8beatpop1 106 132
casio/8beatpop2 106 132
casio/8beatpop3 112 138
casio/ambient1 90 122
casio/ambient2 90 124
casio/ambient3 92 126
casio/blues 92 124
casio/dance1 126 142
casio/dance2 126 144
casio/dancepop1 118 132
casio/dancepop2 118 132
casio/dancepop3 118 132
casio/digitalrock 120 146
casio/discosoul 108 124
casio/electricpop 112 130
casio/fastbigband 156 204 0.5
casio/foxtrot 110 128
casio/funk1 94 118
casio/funk2 94 118
casio/fusion 98 126
casio/germanmarch 108 122
casio/heavymetal 120 168
casio/hip-hop 84 102
casio/house 120 130
casio/jazzcombo 108 150
casio/jazzwaltz 130 170
casio/latinfusion 100 130
casio/latinhouse 120 130
casio/march1 108 122
casio/mellowrb 70 94
casio/middlebigband 80 120
casio/modernjazz 110 160
casio/modernrb 80 102
casio/oldieballad 58 78
casio/polka 108 124
casio/polkafox 106 122
casio/pop 100 128
casio/popballad 62 82
casio/poppolka 110 128
casio/poprock1 100 132
casio/poprock2 100 132
casio/popshuffle1 108 136
casio/popshuffle2 108 136
casio/popwaltz 90 140
casio/quickstep 175 205
casio/r+b 88 112
casio/rave 132 152
casio/rock1 112 142
casio/rock2 112 142
casio/serenade 70 98
casio/shuffleboogie 120 150
casio/shufflerock 114 142
casio/slow16beat 66 86
casio/slowbigband 64 86
casio/slowrock 58 80
casio/slowswing 72 102
casio/soul 98 122
casio/soulpop 94 120
casio/swing 120 190
casio/techno 128 144
casio/trance1 130 144
casio/trance2 130 144
casio/triphop 78 100
casio/twist 146 172
casio/worldpop 90 118
kara/2beatp 110 130
kara/8beatmotown 108 130
kara/K50s_rock 150 182
kara/Kfunk1 100 125
kara/fasttwist 130 150
kara/happyshuffle 108 136
kara/kbossa 115 130
kara/kwestballad 65 100
kara/twi 146 172
yamaha/salsa1 168 204 0.5
yamaha/salsa2 168 204 0.5
yamaha/mambo 166 200 0.5
yamaha/jazzGrtrio 116 180
yamaha/jazzbasie 116 168
yamaha/jazzbossa 110 142
yamaha/jazzbouncy 108 140
yamaha/jazzcountry 66 96
yamaha/jazzswing 130 200
yamaha/jazztrio 108 160
yamaha/jazzwaltz 120 168
yamaha/quando-g.s280 80 100
yamaha/w-rock 112 142
yamaha/western 100 134
alexis/hiphop 84 102
alexis/teamtechno 124 138
pflib/16beat1 84 112
pflib/16beat2 84 112
pflib/8beat1 98 132
pflib/8beat2 98 132
pflib/metal1 124 172
pflib/metal2 124 172
pflib/rock1 110 142
pflib/slowrock 58 80
zoom/afro 98 122
zoom/ambient 80 112
zoom/bald 60 82
zoom/bald34 76 112
zoom/beat16 84 114
zoom/beat8 94 134
zoom/blues 84 130
zoom/blues68 50 76 3
zoom/bossa 114 142
zoom/cntry 98 140
zoom/country 98 140
zoom/dance 120 132
zoom/dnb 162 178
zoom/funk 90 118
zoom/fus16 90 116
zoom/fusion 98 132
zoom/hiphop 84 102
zoom/house 120 130
zoom/hrk 108 146
zoom/jazz 120 190
zoom/latin 94 126
zoom/mide 88 118
zoom/mtl 118 172
zoom/pop 98 128
zoom/punk 160 204
zoom/reggae 68 88
zoom/rnb 82 106
zoom/rock 100 144
zoom/rock34 90 140
zoom/samba 94 114
zoom/shuffle 98 138
zoom/ska 124 152
zoom/techno 126 142
zoom/trip 78 100
stdlib/68march 104 126
stdlib/68swing 100 126 3
stdlib/arpeggio44 70 112
stdlib/arpeggio68 50 76 3
stdlib/arpeggiowaltz 84 140
stdlib/ballad128 52 76
stdlib/ballad68 52 76
stdlib/bebop 120 150
stdlib/blues128 52 82
stdlib/broadwaywaltz 120 170
stdlib/bvfunk 94 118
stdlib/cubanguitar 76 108
stdlib/descendingjazz 104 132
stdlib/desert 100 144
stdlib/dixie 176 208
stdlib/evansish 104 160
stdlib/fastjazzwaltz 164 200
stdlib/fastswing 180 212
stdlib/son 158 192
stdlib/bluefolk 98 132
stdlib/folkrock 108 134
stdlib/folkyjazz 94 126
stdlib/guitarballad 62 88
stdlib/hymn 68 102
stdlib/jazz-54 140 178
stdlib/jazzcombo 110 168
stdlib/jazzrhumba 104 132
stdlib/jazzrock 108 142
stdlib/latinwaltz 108 152
stdlib/lfusion 108 142
stdlib/lighttango 108 132
stdlib/mellowjazz 88 128
stdlib/modernjazz 110 180
stdlib/modernjazzwaltz 116 168
stdlib/nitejazz 62 100
stdlib/popspiritual 88 124
stdlib/rock-128 54 82
stdlib/rockwaltz 90 136
stdlib/showtune 78 122
stdlib/slowbolero 66 92
stdlib/slowbroadway 74 106
stdlib/slowspiritual 54 78
stdlib/softshoe 98 132
stdlib/spiritual 120 172
stdlib/stringballad 58 86
stdlib/strut 108 142
stdlib/westernswing 120 176
"""

STYLES = [
    Style(name, int(slowest), int(fastest), *map(float, steps))
    for name, slowest, fastest, *steps in map(str.split, _TEMPI.strip().split("\n"))
]
