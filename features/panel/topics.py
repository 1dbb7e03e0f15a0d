"""Topics of reports of violence, recognised by words in their texts.

The words are English, French, Spanish, Portuguese and Arabic; a word is listed only if it means the
topic in all languages that have it. Words match at their start, in any case, without accents (in
Arabic without vowel signs and hamza, and after prefixed particles and the article). A space in a
pattern matches whatever separates two words. A word's other meanings are FALSE_FRIENDS, which are
cut out of a text first.

Left out on purpose: `tanker` alone (a ship), petrol stations and army checkpoints (mostly where
something happened), `caravana` (migrants), `comboio` (a train), `embargo` (Spanish "sin embargo"),
`barrage` (a dam, or shelling), `cerco` (a fence), `sitio` (a place). A French siege is "assiégé"
and "encerclé" only: "le siège" is mostly a head office. Arabic hisar counts as a siege, and as a
blockade too if the next word says so.
"""

# fmt: off
TOPICS: dict[str, tuple[str, ...]] = {
    "convoy": (
        "convoy", r"convois?\b", "(?:military|supply) columns?", "columns? of (?:vehicles|trucks)",
        "(?:military|armed|police|army) escorts?", "under escort",
        "escortes? (?:militaires?|armees?)", "sous escorte",
        "colonnes? (?:militaires?|de (?:vehicules|camions|ravitaillement))",
        "caravanas? (?:militar|humanitari)",
        "caravanas? de (?:vehiculos|camion|combustible|ayuda|suministros|veiculos|camioes)",
        "escoltas? militar", "comboios? (?:militar|humanitari)",
        "comboios? de (?:veiculos|viaturas|camioes|abastecimento|combustivel|ajuda)",
        "columnas? (?:militar|de (?:vehiculos|camion))",
        "colunas? (?:militar|de (?:veiculos|viaturas|camioes))",
        "قافلة", "قافلت", "قوافل", "رتل عسكري", "ارتال عسكري",
    ),
    "fuel": (
        r"fuels?\b", r"petrol\b", "gasoline", r"diesel\b", r"kerosene?\b",
        "tankers? (?:truck|lorr|driver|convoy)", "(?:nato|road) tankers?", "carburant",
        "(?:camions?|wagons?) citernes?", r"citernes?\b", r"essence\b", r"gas ?oil\b", r"gazole\b",
        "produits petroliers", "combustible", "combustive", r"gasolina\b", r"gasoleo\b",
        "(?:camion|camiones|caminhao|caminhoes|camiao|camioes) cisterna", "querosen",
        "وقود", "محروقات", "صهريج", "صهاريج", "بنزين", "مازوت", "ديزل", "سولار",
    ),
    "roadblock": (
        "road ?blocks?", "road blockades?",
        "block(?:ed|ing|aded|ading)? (?:the |a |all |main |major )*(?:road|highway|route)",
        "(?:illegal|fake|false|makeshift|impromptu|mobile) check ?point",
        "(?:rebel|militant|insurgent|jihadist) check ?point",
        "(?:set|sets|setting) up (?:a |an |several |illegal |temporary )*check ?points?",
        "barrages? routiers?", "barrages? sur (?:la |les |l )?(?:route|routes|axe|axes|nationale)",
        "faux barrages?", "barrages? illega", "coupeurs? de routes?",
        "(?:bloque|bloquent|bloquant|coupe|coupent|coupant) (?:la|les) routes?",
        "bloqueos? (?:vial|(?:de|en) (?:la |las |una )?(?:carretera|via|vias|ruta))",
        "cortes? de (?:ruta|carretera)", "reten(?:es)? ilegal", "falsos? reten",
        "bloqueios? (?:rodoviario|(?:de|da|das|na|nas) estrada)",
        "barreiras? (?:de|da|das|na|nas) estrada",
        "حاجز (?:وهمي|طيار|غير)",
        "حواجز (?:وهمي|طيار|غير)", "قطع(?:وا|ت)? طر(?:يق|ق)", "اغلاق طر(?:يق|ق)",
        "نق(?:طة|اط) تفتيش وهمي",
    ),
    "siege": (
        r"siege[sd]?\b", "besieg", "encircl", "assieg", "encercl", "asedi", "sitiad", "sitiar",
        "(?:bajo|levantar el|levanto el) sitio", "cercos? militar",
        "cercos? a (?:la |las )?(?:cidade|ciudad|vila|aldeia|aldea|poblacion|base)",
        "cercos? (?:al|ao) (?:pueblo|distrito|municipio|quartel|cuartel)",
        "(?:sob|bajo|sitiados? por|levantar o|romper el|romper o) cerco",
        "حصار", "محاصر", "حاصر", "يحاصر", "تحاصر",
    ),
    "blockade": (
        "blockad", "blocus",
        r"bloqueos? (?:total|economico|humanitario|naval|comercial|impuesto|al?)\b",
        "bloqueos? (?:del|de la|de las|de los) (?:ciudad|pueblo|puerto|frontera|suministro)",
        "bloqueos? de (?:alimentos|combustible|suministros|medic|ayuda)",
        r"bloqueios? (?:total|economico|humanitario|naval|comercial|imposto|ao?)\b",
        "bloqueios? (?:do|da) (?:cidade|vila|porto|fronteira|abastecimento|ajuda)",
        "bloqueios? de (?:alimentos|combustive|abastecimento|medic|ajuda)",
        "حصار (?:بحري|بري|جوي|اقتصادي|مفروض)",
        "(?:منع|منعوا|يمنع|يمنعون) (?:دخول|وصول|مرور) (?:ال)?(?:وقود|شاحن|مساعد|بضائع|غذاء|مواد)",
        "اغلاق (?:معبر|معابر|ميناء|موانئ)",
    ),
}
# fmt: on
"""Topic -> beginnings of words, plain and in lower case; `\\b` ends a word of Latin letters."""

_FEEDING = (
    "fuels? (?:to )?(?:the |further |more |ethnic |communal )*"
    "(?:anger|conflict|fear|fire|flame|hatred|instability|resentment|tension|unrest|violence)"
)

FALSE_FRIENDS = (
    # petrol that is thrown, places where petrol is sold, and fuel that feeds anything but engines
    *("petrol bomb", r"(?:fuel|petrol|filling|gas|diesel) stations?\b"),
    r"stations? (?:d )?essence\b",
    r"(?:postos?|estacion(?:es)?|bombas?) de (?:gasolina|combustive(?:l|is)|combustible)\b",
    "محط(?:ة|ات) (?:وقود|بنزين|محروقات)",
    r"(?:will|may|could|would|might|can|add|adds|added) fuel\b",
    _FEEDING,
    # water tankers and cisterns, and combustible things
    *(r"citernes? d eau\b", r"cisternas? de agua\b"),
    "(?:صهريج|صهاريج) مياه",
    r"(?:highly )?combustible (?:material|substance|mix|mixture|situation|liquid|gas|dust)",
    # the essence of a matter, and kinds of trees
    r"(?:in|the|very|of|par|time is of the) essence\b",
    r"essence (?:of|is|meme|forestiere)\b",
    r"l essence (?:de la|du|des|meme)\b",
    # head offices and seats, and the law of a state of siege
    r"(?:le|du|au|ce|son|leur|les|aux|des|ses|leurs|ancien|nouveau) sieges?\b",
    r"sieges? (?:de|du|des|d|social|sociaux|provincial|regional|national|permanent)\b",
    r"(?:etat|state|estado) (?:de|of) (?:siege|sitio)\b",
    "siege mentality",
    # harassment
    "asedi(?:o|ar) sexual",
)
"""Words that are cut out of a text first, written like TOPICS."""

_PARTICLES = "[وف]?[بكل]?(?:ال|ل)?"
_ARTICLE = "(?:ال)?"


def topic_columns(text: str) -> str:
    """Return the SQL of a boolean column `topic_<name>` a topic; `text` is an expression."""
    plain = f"lower(strip_accents(coalesce({text}, '')))"
    spaced = rf"' ' || regexp_replace({plain}, '[^\p{{L}}\p{{N}}]+', ' ', 'g')"
    meant = f"regexp_replace({spaced}, '{_pattern(FALSE_FRIENDS)}', ' ', 'g')"
    return ", ".join(
        f"regexp_matches({meant}, '{_pattern(words)}') AS topic_{topic}"
        for topic, words in TOPICS.items()
    )


def _pattern(words: tuple[str, ...]) -> str:
    """Return a pattern of beginnings of words in a text with one space before every word."""
    latin = [word for word in words if word.isascii()]
    arabic = [word.replace(" ", f" {_ARTICLE}") for word in words if not word.isascii()]
    either = [*latin, f"{_PARTICLES}(?:{'|'.join(arabic)})"] if arabic else latin
    return f" (?:{'|'.join(either)})"
