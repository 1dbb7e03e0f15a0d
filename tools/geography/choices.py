"""The choices that turn Natural Earth's units into Tocsin's regions: tables, no logic.

Units are named by Natural Earth's `adm1_code`, countries by ISO 3166-1 alpha-3.
"""

_CODES = """
    ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD
    BGR BHR BHS BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR
    COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH
    ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL
    GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR
    JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR
    MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL
    NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY
    PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP
    SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA
    UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
    XKX
"""
ISO_3166_1 = frozenset(_CODES.split())
"""Alpha-3 codes, with XKX for Kosovo from the user-assigned range, as UN OCHA writes it."""

COUNTRY_OF_CODE = {
    "ALD": "ALA",
    "ATC": "AUS",  # Ashmore and Cartier Islands: an Australian territory without a code
    "CSI": "AUS",  # Coral Sea Islands: an Australian territory without a code
    "CYN": "CYP",  # Northern Cyprus
    "ESB": "CYP",  # Dhekelia: a British base without a code; sources code its island
    "KAB": "KAZ",  # Baikonur: leased to Russia
    "KAS": "IND",  # Siachen Glacier: held by India
    "KOS": "XKX",
    "PSX": "PSE",
    "SAH": "ESH",
    "SDS": "SSD",
    "SOL": "SOM",  # Somaliland
    "USG": "CUB",  # Guantanamo Bay: leased to the United States
    "WSB": "CYP",  # Akrotiri: as Dhekelia
}
"""Natural Earth's `adm0_a3` -> country, where it is no ISO code. A base or a lease belongs to the
country around it, because that is the country which sources code its events to."""

COUNTRY_OF_UNIT = {
    "BVT+00?": "BVT",
    "FRA-1442": "MTQ",
    "FRA-2000": "GUF",
    "FRA-4601": "REU",
    "FRA-4602": "MYT",
    "FRA-4603": "GLP",
    "IOA-1928": "CCK",
    "IOA-2652": "CXR",
    "NLD-5147": "BES",
    "NLD-5148": "BES",
    "NLD-5149": "BES",
    "NOR-901": "SJM",
    "NZL-5472": "TKL",
    "RUS-283": "UKR",  # Crimea: UA-43 in ISO 3166-2, and coded to Ukraine by UCDP
    "RUS-5482": "UKR",  # Sevastopol: UA-40 in ISO 3166-2
}
"""Units that have a country of their own in ISO 3166-1, or another one than their neighbours."""

DROPPED = {
    "AIA+99?": "Sombrero: uninhabited, of no district",
    "ATA+00?": "Antarctica: no state and no inhabitants; PRIO-GRID leaves it out too",
    "ATA+99?": "Antarctica: as above",
    "CLP+00?": "Clipperton: uninhabited, of no region of France",
    "PGA+00?": "Spratly Islands: claimed by six states, coded to none",
}

MERGED = {
    "COL+99?": "COL-1404",  # Malpelo, nameless -> Cauca
    "ESB-5132": "CYP-3463",  # Dhekelia -> Larnaca
    "KAB+00?": "KAZ-3197",  # Baikonur -> Qyzylorda
    "KAS+00?": "IND-20012",  # Siachen Glacier -> Ladakh
    "KIR+99?": "KIR+00?",  # Phoenix Islands, nameless -> Kiribati
    "MEX+99?": "MEX-2737",  # Alacranes, nameless -> Yucatán
    "RUS+99?": "RUS-2382",  # islets in the Kara Sea, nameless -> Yamal-Nenets
    "SYR-5261": "SYR-145",  # the UN's zone of separation -> Quneitra
    "USG+00?": "CUB-1365",  # Guantanamo Bay -> Guantánamo
    "VEN+99?": "VEN-44",  # Aves, nameless -> Dependencias Federales
    "WSB-5133": "CYP-3489",  # Akrotiri -> Limassol
}
"""Units that are no first-order division -> the unit that they are made part of."""

DISSOLVED = {
    "BEL": "region",  # 11 provinces -> 3 regions
    "BFA": "region",  # 45 provinces -> 13 regions
    "ESP": "region",  # 52 provinces -> 19 autonomous communities and cities
    "FRA": "region",  # 101 departments -> 13 regions and 5 overseas
    "GBR": "geonunit",  # 232 districts -> 4 countries
    "GIN": "region",  # 34 prefectures -> 8 regions
    "ITA": "region",  # 110 provinces -> 20 regions
    "KOS": "region",  # 30 municipalities -> 7 districts
    "LKA": "region",  # 25 districts -> 9 provinces
    "LVA": "region",  # 119 municipalities -> 5 planning regions
    "MLT": "region",  # 68 localities -> 3 districts
    "PHL": "region",  # 80 provinces and 38 cities apart from them -> 17 regions
    "SVN": "region",  # 193 municipalities -> 12 statistical regions
    "UGA": "region",  # 112 districts -> 4 regions
}
"""`adm0_a3` of a country that is listed below its first order -> the column of its first order.

Left as listed, though a `region` is given: it is incomplete or wrong (BIH, HRV, KOR, MKD, MWI,
NZL, SRB, VNM), or only a statistical or informal grouping of what are first-order units already
(AZE, BTN, CAN, CHN, CPV, GNB, HKG, HUN, IND, IRL, IRQ, JPN, MDV, NPL, PRT, RUS, SDN, SSD, THA,
TWN, USA).
"""

NAME_OF_UNIT = {
    "AFG-1753": "Daykundi",  # Natural Earth: Uruzgan, a second time
    "AFG-1769": "Panjshir",  # Natural Earth: Parwan, a second time
    "AZE-1735": "Lachin",  # Natural Earth: Lankaran
    "AZE-5562": "Lankaran City",
    "AZE-5564": "Şəki City",
    "AZE-5565": "Şuşa City",
    "CIV-3460": "Moyen-Comoé",
    "CIV-3459": "Moyen-Cavally",
    "COD-1883": "Kongo Central",
    "HRV-1604": "Požeško-Slavonska",  # Natural Earth: Brodsko-Posavska, a second time
    "HUN-4909": "Veszprém City",
    "IRL-5568": "Galway City",
    "IRL-5569": "Cork City",
    "IRL-5570": "Limerick City",
    "IRL-5571": "Waterford City",
    "IRQ-3046": "Duhok",
    "IRQ-3049": "Kirkuk",
    "IRQ-3050": "Erbil",
    "IRQ-3051": "Nineveh",
    "IRQ-3052": "Salah ad-Din",
    "LBY-2978": "Tripoli",
    "MDA-1645": "Rîbniţa",  # Natural Earth: Rezina, a second time
    "MOZ-5854": "Maputo City",
    "MWI-1194": "Karonga",  # Natural Earth: Chitipa, a second time
    "NGA-2867": "Nasarawa",
    "PAK-1108": "Balochistan",
    "PAK-1110": "Islamabad",
    "PAK-1111": "Gilgit-Baltistan",
    "PAK-1112": "Federally Administered Tribal Areas",
    "PAK-1114": "Sindh",
    "PAK-1123": "Khyber Pakhtunkhwa",
    "RUS-2615": "Magadan",  # Natural Earth: Maga Buryatdan
    "SDN-5856": "South Darfur",
    "SDN-5857": "East Darfur",
    "SDN-5858": "West Darfur",
    "SDN-882": "South Kordofan",
    "SDN-883": "North Kordofan",
    "SRB-833": "Rasinski",  # Natural Earth: Pomoravski, a second time
    "SYR-139": "Homs",
    "SYR-141": "Hasakah",
    "SYR-142": "Deir ez-Zor",
    "SYR-143": "Suwayda",
    "SYR-144": "Rural Damascus",
    "SYR-146": "Daraa",
    "UKR-321": "Kyiv",
    "UKR-4826": "Kyiv City",
    "UKR-323": "Vinnytsia",
    "UKR-331": "Zaporizhzhia",
    "UZB-4828": "Tashkent City",
}
"""Names where Natural Earth's `name` is wrong, stands twice, or is not what is used today."""

NAME_OF_REGION = {
    ("BEL", "Capital Region"): "Brussels",
    ("BEL", "Flemish"): "Flanders",
    ("BEL", "Walloon"): "Wallonia",
    ("ESP", "Canary Is."): "Canarias",
    ("ESP", "Foral de Navarra"): "Navarra",
    ("ESP", "Valenciana"): "Comunitat Valenciana",
    ("GIN", "Boke"): "Boké",
    ("LKA", "Basnāhira paḷāta"): "Western",
    ("LKA", "Dakuṇu paḷāta"): "Southern",
    ("LKA", "Madhyama paḷāta"): "Central",
    ("LKA", "Næ̆gĕnahira paḷāta"): "Eastern",
    ("LKA", "Sabaragamuva paḷāta"): "Sabaragamuwa",
    ("LKA", "Uturu paḷāta"): "Northern",
    ("LKA", "Uturumæ̆da paḷāta"): "North Central",
    ("LKA", "Vayamba paḷāta"): "North Western",
    ("LKA", "Ūva paḷāta"): "Uva",
    ("PHL", "Autonomous Region in Muslim Mindanao (ARMM)"): "Autonomous Region in Muslim Mindanao",
    ("PHL", "Bicol (Region V)"): "Bicol",
    ("PHL", "CALABARZON (Region IV-A)"): "Calabarzon",
    ("PHL", "Cagayan Valley (Region II)"): "Cagayan Valley",
    ("PHL", "Central Luzon (Region III)"): "Central Luzon",
    ("PHL", "Central Visayas (Region VII)"): "Central Visayas",
    ("PHL", "Cordillera Administrative Region (CAR)"): "Cordillera",
    ("PHL", "Davao (Region XI)"): "Davao",
    ("PHL", "Dinagat Islands (Region XIII)"): "Caraga",
    ("PHL", "Eastern Visayas (Region VIII)"): "Eastern Visayas",
    ("PHL", "Ilocos (Region I)"): "Ilocos",
    ("PHL", "MIMAROPA (Region IV-B)"): "Mimaropa",
    ("PHL", "National Capital Region"): "Metro Manila",
    ("PHL", "Northern Mindanao (Region X)"): "Northern Mindanao",
    ("PHL", "SOCCSKSARGEN (Region XII)"): "Soccsksargen",
    ("PHL", "Western Visayas (Region VI)"): "Western Visayas",
    ("PHL", "Zamboanga Peninsula (Region IX)"): "Zamboanga Peninsula",
}
"""(country, label of a dissolved region) -> name."""

NAME_OF_COUNTRY = {
    "ALA": "Åland",
    "BES": "Caribbean Netherlands",
    "BHS": "Bahamas",
    "BLM": "Saint Barthélemy",
    "BVT": "Bouvet Island",
    "CCK": "Cocos Islands",
    "COD": "DR Congo",
    "COG": "Congo",
    "CXR": "Christmas Island",
    "CZE": "Czechia",
    "ESH": "Western Sahara",
    "FSM": "Micronesia",
    "GLP": "Guadeloupe",
    "GNB": "Guinea-Bissau",
    "GUF": "French Guiana",
    "HKG": "Hong Kong",
    "MAC": "Macao",
    "MKD": "North Macedonia",
    "MTQ": "Martinique",
    "MYT": "Mayotte",
    "PSE": "Palestine",
    "REU": "Réunion",
    "SGS": "South Georgia",
    "SJM": "Svalbard",
    "SRB": "Serbia",
    "SSD": "South Sudan",
    "STP": "São Tomé and Príncipe",
    "SWZ": "Eswatini",
    "TKL": "Tokelau",
    "TLS": "Timor-Leste",
    "TZA": "Tanzania",
    "USA": "United States",
    "XKX": "Kosovo",
}
"""Short usual names, where Natural Earth's `admin` is long, old or that of a sovereign."""
