import pytest

from features.database import open_database
from features.panel.topics import TOPICS, topic_columns

TOLD = [
    ("Militants burned a convoy of 40 fuel tankers near Kolokani.", "convoy fuel"),
    ("Gunmen attacked trucks travelling under military escort.", "convoy"),
    ("A tanker truck was set on fire, its driver abducted.", "fuel"),
    ("Diesel and petrol were seized at the market.", "fuel"),
    ("Fuel shortages followed; access to fuel is limited.", "fuel"),
    ("Fighters set up an illegal checkpoint on the RN6.", "roadblock"),
    ("Insurgents blocked the main highway and manned road-blocks.", "roadblock"),
    ("The town has been under siege since May.", "siege"),
    ("Rebels besieged and encircled the garrison.", "siege"),
    ("The blockade of Djibo continues; the army blockaded the port.", "blockade"),
    ("Un convoi militaire a sauté sur une mine.", "convoy"),
    ("Des camions-citernes ont été incendiés sur l'axe Kayes-Bamako.", "fuel"),
    ("La pénurie d'essence et de gazole s'aggrave.", "fuel"),
    ("Convoi de carburant attaqué, blocus de la ville décrété.", "convoy fuel blockade"),
    ("Les assaillants ont érigé un barrage sur la route nationale.", "roadblock"),
    ("Des coupeurs de route ont tué un commerçant.", "roadblock"),
    ("La ville est assiégée, le camp encerclé.", "siege"),
    ("Atacaron una caravana de vehículos y un camión cisterna.", "convoy fuel"),
    ("Robaron gasolina y combustible del oleoducto.", "fuel"),
    ("Guerrilleros instalaron un retén ilegal y un bloqueo de la vía.", "roadblock"),
    ("El pueblo sitiado resistió el asedio.", "siege"),
    ("Imponen un bloqueo total a la ciudad.", "blockade"),
    ("Emboscada a um comboio militar e a uma coluna de viaturas.", "convoy"),
    ("Camião cisterna com combustível incendiado.", "fuel"),
    ("Insurgentes fizeram um bloqueio da estrada N380.", "roadblock"),
    ("A vila está sob cerco; levantaram o cerco à cidade.", "siege"),
    ("O bloqueio humanitário continua.", "blockade"),
    ("هاجم مسلحون القافلة العسكرية", "convoy"),
    ("استهداف رتلٍ عسكري للجيش", "convoy"),
    ("احتراق صهاريج الوقود على الطريق", "fuel"),
    ("أزمة المحروقات والبنزين", "fuel"),
    ("أقام المسلحون حاجزا و قطعوا الطريق", "roadblock"),
    ("اختطاف مدنيين على حاجز وهمي", "roadblock"),
    ("المدينة تحت الحصار ومحاصَرة منذ أشهر", "siege"),
    ("فرض حصار بحري على الميناء", "siege blockade"),
    ("منعوا دخول المساعدات إلى المدينة", "blockade"),
]

FALSE_FRIENDS = [
    "In essence, the essence of the dispute is land.",
    "Les essences forestières et l'essence même du conflit.",
    "Rumours fuelled the riots and may fuel further violence, adding fuel to the fire.",
    "A petrol bomb was thrown at a petrol station.",
    "Two men were shot dead at a fuel station.",
    "Pirates boarded an oil tanker in the Gulf of Aden.",
    "Combustible material was found in the house.",
    "Une citerne d'eau et un château d'eau détruits.",
    "Le siège de la gendarmerie et le siège du parti ont été attaqués.",
    "L'état de siège a été prorogé en Ituri.",
    "La ville convoitée; des tirs nourris près du barrage hydroélectrique.",
    "A barrage of rockets hit the village.",
    "Soldiers were attacked at an army checkpoint.",
    "The suspect was escorted to the police station.",
    "Sin embargo, el embargo de armas sigue; cerca del lugar.",
    "Derribaron el cerco de alambre en ese sitio.",
    "Una caravana de migrantes cruzó la frontera.",
    "Asesinado en una estación de gasolina; acoso y asedio sexual.",
    "O comboio descarrilou perto da estação.",
    "Morto num posto de combustível.",
    "بلغت المحاصيل ذروتها حصراً في الصيف",
    "مقتل شخصين أمام محطة الوقود",
    "موكب تشييع الضحايا",
    "",
]


def told(text: str | None) -> set[str]:
    with open_database() as database:
        found = database.sql(
            f"SELECT {topic_columns('text')} FROM (SELECT ?::VARCHAR AS text)", params=[text]
        ).fetchall()[0]
    return {topic for topic, there in zip(TOPICS, found, strict=True) if there}


@pytest.mark.parametrize(("text", "topics"), TOLD, ids=[text[:40] for text, _ in TOLD])
def test_a_sentence_tells_of_its_topics_and_no_other(text: str, topics: str) -> None:
    assert told(text) == set(topics.split())


@pytest.mark.parametrize("text", FALSE_FRIENDS, ids=lambda text: text[:40])
def test_a_false_friend_tells_of_nothing(text: str) -> None:
    assert told(text) == set()


def test_case_accents_and_the_kind_of_apostrophe_do_not_matter() -> None:
    for text in ("PÉNURIE D'ESSENCE", "penurie d\u2019essence", "Pénurie d essence"):
        assert told(text) == {"fuel"}


def test_what_has_no_text_tells_of_nothing() -> None:
    assert told(None) == set()
