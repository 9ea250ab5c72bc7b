"""Styles: what people call them in English and French, and how descriptions say them."""

import pytest

from sport_music_dataset.describe.styles import is_style, known_styles, style_of

SAID = {
    "French pop": "variété française|Variété|variete francaise|Variétés françaises",
    "French chanson": "chanson|Chanson française|chansons",
    "French rap": "rap français|Rap Fr|Hip-Hop français",
    "electronic music": "électronique|Electronic|musique électronique",
    "R&B": "R'n'B|rnb|r&b|R n B|Rhythm and Blues",
    "EDM": "edm|EDM",
    "K-pop": "K-Pop|kpop|k pop",
    "ballads": "ballad|Ballades",
    "world music": "musique du monde|World Music|world|Musiques du monde",
    "Celtic music": "celtique|Celtic|musique celtique",
    "musette": "musette|valse musette",
    "percussion": "drums|percussions|batterie",
    "gypsy jazz": "jazz manouche",
    "summer music": "Été 2023|Tubes de l'été|Summer",
    "comedy music": "Humour|Satire",
    "bebop": "Bebob",
    "house music": "House|Club-House",
    "music": "|Other|YouTube|Sans titre|Best of 2010|Ma playlist|inconnu|"
    "Musique|divers|Instrumental|???|140 bpm|80|Vol 2|Playlist 3|Spotify 2023|Nouveau dossier (2)|"
    "Non-Music|Gros son|slowed + reverb|Best Running Songs|NRJ|Peak time|Closing|WARP123|CAT-0042|"
    "ECM 1234|Podcasts",
    "hip hop and rap music": "Hip Hop; rap music",
    "progressive trance": "Progressive Trance",
    "Nordic folk music": "Nordic Folk",
    "dungeon synth music": "DUNGEON SYNTH",
    "relaxation music": "AMBIANCE ZEN",
    "Openmsx music": "openmsx",
    "EBM": "EBM",
    "Japanese rock": "rock japonais|Rock Japonais|rock japonaise",
    "80s disco": "disco 80|Disco 80s|80s disco|disco années 80",
    "2000s music": "années 2000|2000s|00s",
    "modern Turkish music": "musique turque moderne",
    "soft classical music": "Musique classique douce",
    "Quebecois chanson": "chanson québécoise",
    "80s heavy metal": "Heavy Metal 80s",
    "Latin music": "latino|Latin|musique latine|Ambiance latine",
    "fast music": "rapide|Rythme rapide|Uptempo",
    "sad violin music": "Violons tristes",
    "techno": "Techno berlinoise|techno 150 bpm|TECHNO (remix)|Techno !|techno 2|"
    "ma playlist techno",
    "rock and roll": "Rock'n Roll|Rock 'n' Roll",
    "electro and techno music": "Electro-Techno|Electro/Techno",
    "world and folk music": "World & Folk",
    "disco": "Tubes disco",
    "gospel": "Chorale gospel",
    "gothic metal": "Gothic Metal|métal gothique",
    "power pop music": "power pop",
    "rap": "Rap de rue",
    "torch songs": "torch song",
    "masses": "Mass",
    "Queen music": "à la Queen",
    "lullabies": "berceuse",
    "blues": "Blues|musique blues",
    "power electronics": "power electronics",
    "Star Wars music": "Star Wars",
    "Prodigy music": "The Prodigy",
    "breakcore music": "Breakcore",
    "K-hip hop": "K-Hip Hop",
    "Fast and Furious music": "Fast and Furious",
    "hip hop jazz music": "Hip-Hop Jazz",
    # Names of artists, as they write themselves.
    "Daft Punk music": "daft punk",
    "Édith Piaf music": "edith piaf",
    "Two Steps from Hell music": "two steps from hell",
    "Kery James music": "kery james",
    "PNL music": "pnl",
    "KRLS music": "krls",
    # Languages.
    "Spanish rock": "Rock en español|rock español",
    "Argentine cumbia": "Cumbia argentina",
    "German rap": "Deutschrap|Deutscher Hip Hop",
    "piano music": "Klaviermusik|Sanfte Klaviermusik|Barre au piano",
    "Bavarian brass band music": "Bayerische Blasmusik",
    "90s music": "90er Hits|Tubes 90",
    "90s dance music": "Musica dance anni 90|90s Dance",
    "old reggaeton": "Reggaetón viejo",
    "alternative rock": "Rock alternativo|rock alternatif",
    "merengue": "merengue hogareño",
    "white noise": "Bruit blanc|White Noise",
    "shoegaze": "Shoegase",
    "Canterbury scene music": "canterbury scene",
    "nature sounds": "Bruit de la mer|Sons de baleines|Naturklänge|Pluie et orage",
    # Crates of DJs, records and lists of tags.
    "driving techno": "Peak Time / Driving Techno",
    "trance": "Trance (Main Floor)",
    "energetic rock": "rock, energetic, guitar, male vocals|genre---rock; mood/theme---energetic",
    "acoustic folk music": "folk; acoustic; singer-songwriter",
    "techno and house music": "Electronic, Techno, House, Electro House",
    "epic orchestral music": "epic, orchestral, dramatic, battle",
    "harp and flute music": "Harpe et flûte",
    "80s synth-pop": "synth-pop; 80s; new wave",
    # Kinds of music that only kinds.yaml has.
    "riot grrrl music": "Riot Grrrl|riot grrrl",
    "post-hardcore music": "post hardcore",
    # Adjectives in the order of English.
    "French electronic music": "Musique électronique française",
    "epic Celtic music": "Musique épique celtique",
    "pop": "workout hits|crowd hits|Top 50",
    # Slips of the hand; what is too near to other words stays a name.
    "electro": "Elctro|électro|Electro|musique électro",
    "hip hop": "Hip hpo|Hip-Hop|hiphop|hip_hop|Hip-Hop/Rap",
    "drum and bass": "Drumm and bass|dnb|Drum & Bass|drum_n_bass|D&B|Drum & Bass 174",
    "reggaeton": "Raggaeton",
    "Metallica music": "Metalica",
    "Trace music": "Trace",
    "Mental music": "Mental",
    # Kinds of music keep their words together, and are no names.
    "quiet storm music": "Quiet Storm",
    "happy hardcore": "Happy Hardcore",
    "ghettotech music": "Ghetto Tech",
    "deep house music": "Deephouse|DeepHouse",
    "hardstyle": "Hard Style",
    "East Coast hip hop": "Rap East Coast",
    "underground hip hop music": "Hip hop underground",
    "Baroque pop music": "Pop baroque",
    "French new wave": "New wave française",
    "Desi hip hop music": "Desi Hip Hop",
    "kwassa kwassa music": "Kwassa Kwassa",
    "library music": "Library Music",
    "80s music": "Musique des années 80|80s|80's|1980s|années 80|Annees 80|Les années 80|"
    "80s hits|hits années 80|tubes des années 80|Stars 80",
    "70s rock": "Rock des années 70",
    "guitar music": "Voix et guitare",
    "Cajun accordion music": "Accordéon cajun",
    "Indian music": "Musique de l'Inde",
    "classical music": "Classique baroque|musique classique|Classique|classic|Classical|"
    "MUSIQUE_CLASSIQUE",
    "NWOBHM music": "NWOBHM",
    "D-beat music": "d-beat|D-Beat",
    "digital roots music": "Digital Roots",
    "Tuvan throat singing music": "tuvan throat singing",
    "alternative R&B": "Alt R&B",
    "Carpenter Brut music": "carpenter brut|Carpenter Brut",
    "Earth, Wind & Fire music": "Earth Wind & Fire|earth, wind and fire",
    "AC/DC music": "acdc|ACDC|ac dc|AC-DC|AC/DC",
    # One style of two words that shops write with "&"; a word that says more alone than before one.
    "alternative and indie rock": "Alternative & Indie|Alternatif et indé|Indie/Alternative",
    "minimal techno": "Minimal|Techno minimale",
    "African music": "Afro|Musique afro",
    "Afro jazz": "Afro Jazz",
    "regional Mexican music": "Regional Mexicano",
    "bagpipe music": "Pipes & Drums",
    # What sounds is no nature; what French plays stands behind in English.
    "Cuban music": "Son cubano",
    "son jarocho music": "Son Jarocho",
    "rock": "Gros rock|Rock|ROCK|rock rock|musique rock",
    "jazz trumpet music": "Trompette jazz",
    "lounge saxophone music": "Saxo lounge",
    "flamenco guitar music": "Guitare flamenca",
    "traditional Breton folk": "Musique bretonne trad",
    "traditional Breton chanson": "chanson traditionnelle bretonne",
    "vocal music": "female vocalists",
    "cinematic music": "Stage & Screen|bande originale|Soundtrack|musique de film|OST",
}
CASES = [(name, said) for said, names in SAID.items() for name in names.split("|")]


@pytest.mark.parametrize(("name", "said"), CASES)
def test_names_become_english(name: str, said: str) -> None:
    assert style_of(name).alone == said


def test_there_are_enough_styles_of_both_languages() -> None:
    assert len(known_styles()) >= 240


@pytest.mark.parametrize(
    ("name", "before"),
    [("Instrumental", ""), ("Rock instrumental", "rock"), ("Hip Hop (Instrumental)", "hip hop")],
)
def test_instrumental_is_no_style_but_said(name: str, before: str) -> None:
    style = style_of(name)
    assert style.instrumental and style.before == before


def test_plurals_stand_before_no_noun() -> None:
    assert style_of("oldies").before == "" == style_of("remixes").before
    assert style_of("blues").before == "blues" and style_of("drum and bass").before


@pytest.mark.parametrize(
    "name", ["hip_hop", "Variété française", "r&b", "Années 80", "90's", "instrumental"]
)
def test_folders_of_styles_are_recognised(name: str) -> None:
    assert is_style(name)


@pytest.mark.parametrize("name", ["", "1980", "Daft Punk", "Other", "fête", "Running"])
def test_other_folders_are_none(name: str) -> None:
    assert not is_style(name)


@pytest.mark.parametrize(
    ("name", "claimed"),
    [("Chill rap", (0.0, 1.4)), ("dark techno", (0.0, 3.0)), ("Slow RnB", (0, 1.4))],
)
def test_a_kind_claims_what_its_words_claim(name: str, claimed: tuple[float, float]) -> None:
    assert style_of(name).claims.energy == claimed
    assert style_of("dark techno").claims.tone == "dark"


@pytest.mark.parametrize(
    "name", ["female vocals", "Byzantine chant", "vocal trance", "Motet", "folk; cantautor"]
)
def test_what_is_sung_is_known_by_its_name(name: str) -> None:
    assert style_of(name).sung
