"""Sessions: the spellings that people use, and sessions of their own."""

import pytest

from sport_music_dataset.describe.sessions import find, find_within, in_words, known_sessions
from sport_music_dataset.errors import SettingError

SPELLINGS = {
    "running": "Course à pied|course_a_pied|COURSE-A-PIED|Running 2|courses à pied|Footing|"
    "footing 3|Jogging|Séance de course à pied|Tapis de course|tapis_de_course_2|run|Treadmill",
    "trail running": "Trail|trail running|course nature",
    "sprinting": "sprint|Sprints|Course de vitesse",
    "marathon": "Marathon|course longue distance",
    "half marathon": "semi-marathon|Semi marathon 2",
    "long-distance running": "sortie longue",
    "ultramarathon": "Ultra trail",
    "walking": "Marche|marche à pied|Marche rapide|marche_rapide_2|Walking|balade|Promenades",
    "Nordic walking": "Marche nordique|marche-nordique 4|nordic walking",
    "hiking": "Randonnée|randonnees|rando|Hiking|trek",
    "cycling": "Vélo|velo|VELO 2|Cyclisme|cycling|Biking|vélo de route",
    "indoor cycling": "Vélo d’appartement|velo d'appartement|Vélo_d_appartement|spinning|"
    "Spinning 3|RPM",
    "mountain biking": "VTT|vtt 2|vélo tout terrain",
    "BMX": "BMX",
    "cardio": "Cardio|cardio training|Cardio-training|séance cardio|Séances de cardio|"
    "cardio workout",
    "HIIT": "hiit|HIIT 4|Tabata",
    "interval training": "Fractionné|fractionne|entraînement fractionné|Interval training",
    "circuit training": "Circuit training|circuit",
    "strength training": "Musculation|muscu|Renforcement musculaire|"
    "renforcement_musculaire_2|strength",
    "powerlifting": "powerlifting",
    "weightlifting": "Haltérophilie|halterophilie",
    "kettlebell training": "Kettlebells",
    "dumbbell training": "haltères|Dumbbells",
    "CrossFit": "crossfit|Cross-fit|cross fit 2",
    "cross-training": "Cross training",
    "calisthenics": "Callisthénie|poids du corps|Pompes|street workout",
    "yoga": "Yoga|yoga 12|séance de yoga|Séances de yoga|cours de yoga|Hatha-yoga|yin yoga|"
    "Yoga doux",
    "vinyasa yoga": "Vinyasa|vinyasa yoga",
    "ashtanga yoga": "Ashtanga",
    "power yoga": "yoga dynamique",
    "Pilates": "Pilates|pilate|PILATES 2|cours de Pilates",
    "barre": "barre|Bar method",
    "floor barre": "Barre au sol",
    "stretching": "Stretching|Étirements|etirement|étirements_2|assouplissements|Souplesse",
    "mobility training": "mobilité",
    "meditation": "Méditation|meditation 2|pleine conscience|mindfulness",
    "relaxation": "Relaxation|détente|Sophrologie",
    "breathwork": "respiration|cohérence cardiaque",
    "cool-down": "Retour au calme|retour_au_calme|cool down|Cooldown",
    "recovery": "Récupération|recuperation 2",
    "warm-up": "Échauffement|echauffement|Échauffements|warm up|Warm-up 2|warmup",
    "swimming": "Natation|natation 2|Swimming|nage|piscine",
    "aqua fitness": "Aquagym|aqua gym|Aqua-gym 3",
    "aqua cycling": "aquabike",
    "rowing": "Rameur|Aviron|rowing|rameur 2",
    "kayaking": "Kayak|canoë-kayak",
    "canoeing": "canoe",
    "paddleboarding": "paddle|Stand-up paddle",
    "boxing": "Boxe|Boxe anglaise 2|boxing",
    "savate": "boxe française",
    "kickboxing": "Kick-boxing",
    "Muay Thai": "boxe thaï|Muay Thai",
    "BodyCombat": "body combat",
    "judo": "Judo",
    "karate": "Karaté|karate 2",
    "martial arts": "arts martiaux",
    "fencing": "Escrime",
    "Zumba": "Zumba|zumba 3",
    "dance fitness": "danse fitness",
    "dancing": "Danse|danses|Salsa|dance",
    "aerobics": "Aérobic|aerobic|Aerobics",
    "step aerobics": "Step|steps|Stepper 2",
    "fitness": "Fitness|Gym|gymnastique|Entraînement|entrainement 2|remise en forme|Workout",
    "core training": "Abdos|abdominaux|Gainage|ABS|core",
    "abs and glutes": "abdos fessiers",
    "climbing": "Escalade|escalade 2|Grimpe",
    "bouldering": "bouldering",
    "skipping rope": "Corde à sauter|corde_a_sauter|jump rope",
    "football": "Foot|Football 2",
    "soccer": "soccer",
    "basketball": "Basket|basket-ball|Basketball",
    "tennis": "Tennis",
    "padel": "Padel",
    "badminton": "badminton",
    "table tennis": "ping-pong|Tennis de table",
    "volleyball": "Volley",
    "beach volleyball": "beach volley",
    "American football": "Football américain",
    "skiing": "Ski|ski alpin",
    "snowboarding": "snowboard",
    "diving": "Plongée",
    "gentle exercise": "Gym douce|Gym senior",
    "cross-country skiing": "Ski de fond|ski_de_fond_2",
    "ice skating": "Patinage",
    "roller skating": "roller|Rollers",
    "horse riding": "Équitation|equitation",
    "tai chi": "Taï-chi|tai chi",
    "qigong": "Qi gong|qigong 2",
}
CASES = [(text, name) for name, texts in SPELLINGS.items() for text in texts.split("|")]


@pytest.mark.parametrize(("written", "name"), CASES)
def test_every_spelling_means_its_session(written: str, name: str) -> None:
    session = find(written)
    assert session is not None and session.name == name


def test_there_are_enough_of_both() -> None:
    assert len(CASES) >= 120
    sessions = set(known_sessions().values())
    assert len({session.name for session in sessions}) >= 40
    assert all(s.tempo_bpm and s.source and len(s.moods) >= 2 for s in sessions)


@pytest.mark.parametrize("written", ["Éveil lyrique", "Podcasts", "2024", ""])
def test_others_are_not_known(written: str) -> None:
    assert find(written) is None


def test_sessions_of_ones_own_come_first() -> None:
    own = "sessions:\n  curling: {aliases: [pierre], intensity: low, tempo_bpm: [60, 80]}\n"
    own += "  spin class: {aliases: [spinning], intensity: high}\n"
    curling = find("Pierres 2", own)
    assert curling is not None and (curling.name, curling.tempo_bpm) == ("curling", (60.0, 80.0))
    spinning = find("spinning", own)
    assert spinning is not None and spinning.name == "spin class" and spinning.tempo_bpm is None
    assert find("yoga", own) == find("yoga")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "line 1"),
        ("- a", "line 1: has no mapping `sessions:`"),
        ("sessions:\n  a: {intensity: huge}", "line 2: a: intensity 'huge': one of low"),
        ("sessions:\n\n  a: {intensity: low, speed: 3}", "line 3: a: takes aliases"),
        ("sessions:\n  a: {intensity: low, tempo_bpm: [90, 60]}", "line 2: a: tempo_bpm [90, 60]"),
        ("sessions:\n  a: {intensity: low, aliases: 3}", "line 2: a: aliases must be a list"),
        (
            "sessions:\n  a: {intensity: low}\n  A: {intensity: low}",
            "line 3: 'A' means 'a' already",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        known_sessions(text)
    assert str(caught.value).startswith("--sessions:") and message in str(caught.value)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Running 10K", "running"),
        ("HIIT 20 min", "HIIT"),
        ("Tabata 20/10", "HIIT"),
        ("Marathon de Paris", "marathon"),
        ("Yoga du soir", "yoga"),
        ("Zumba Kids", "Zumba"),
        ("Lundi Cardio", "cardio"),
        ("cardio (2)", "cardio"),
        ("Danse bretonne", "dancing"),
        ("Haut du corps", "upper-body training"),
        ("Sommeil", "sleep"),
        ("Runing", "running"),
        ("Zumbaa", "Zumba"),
        ("Tir à la corde", "tug of war"),
        ("Les Mills GRIT", "HIIT"),
        ("Aquajogging", "aqua fitness"),
        ("Prépa trail des Templiers", "trail running"),
        ("Löpträning intervall", "running"),
        ("ランニング", "running"),
        ("Flamenco", "dancing"),
        ("C.A.F.", "lower-body and core training"),
        ("Prépa 10 km", "running"),
        ("10 x 400 m", "running"),
    ],
)
def test_what_is_added_to_a_session_is_left_out(written: str, name: str) -> None:
    session = find_within(written)
    assert session is not None and session.name == name


@pytest.mark.parametrize(
    "written", ["Recovery run", "Yoga & Pilates", "Leg Race", "Snow shoveling", "Eye of the Tiger"]
)
def test_a_name_that_says_more_than_a_session_keeps_it(written: str) -> None:
    assert find_within(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "Track 03",
        "Groupe A",
        "U15",
        "Final mix v2",
        "Avec Julie",
        "Pour Julie",
        "Coach Julie",
        "Montée du col",
        "3",
        "Tour du Mont Blanc",
        "Kermesse",
        "Pool",
        "Nathalie session",
        "散策",
    ],
)
def test_names_that_tell_no_sport_are_left_out(written: str) -> None:
    assert in_words(written) == ""


def test_names_of_places_keep_their_capitals() -> None:
    assert in_words("Central Park loop") == "Central Park loop"
    assert in_words("NYC Marathon") == "NYC marathon"
    assert in_words("Sunday ride") == "Sunday ride"
    assert in_words("Dynamic Warm Up") == "dynamic warm-up"
    assert in_words("Pickelball") == "pickleball" and in_words("PIYO") == "PiYo"


def test_a_dance_is_a_session_only_where_a_session_is_named() -> None:
    assert find("Rock") is None and find("Flamenco") is None
