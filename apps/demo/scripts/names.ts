/** A name as it is written, and in the letters of an e-mail address. */
export type Name = readonly [written: string, latin: string];

export interface Region {
  readonly given: readonly Name[];
  readonly family: readonly Name[];
  readonly cities: readonly string[];
  readonly familyFirst: boolean;
  /** Between the two names. */
  readonly space: string;
}

/** Names in many scripts, so that whoever breaks text on its way is found out. */
export const regions: readonly Region[] = [
  region('Zoë/zoe Søren/soren Łucja/lucja Çağla/cagla José/jose Björk/bjork Tomáš/tomas Maeve/maeve', {
    family:
      'Müller/mueller Ødegård/odegard Wiśniewska/wisniewska Yıldız/yildiz Núñez/nunez Dvořák/dvorak O’Brien/obrien',
    cities: 'Zürich,Tromsø,Łódź,İzmir,A Coruña,Reykjavík,České Budějovice,Cork',
  }),
  region('Νίκος/nikos Ελένη/eleni Γιώργος/giorgos Σοφία/sofia Κώστας/kostas', {
    family: 'Παπαδόπουλος/papadopoulos Αγγελίδης/angelidis Καζαντζάκη/kazantzaki Οικονόμου/ikonomou',
    cities: 'Αθήνα,Θεσσαλονίκη,Ηράκλειο',
  }),
  region('Олена/olena Тарас/taras Мария/maria Богдан/bohdan Цветана/tsvetana', {
    family: 'Шевченко/shevchenko Коваль/koval Петрова/petrova Ђорђевић/djordjevic',
    cities: 'Київ,Львів,София,Нови Сад',
  }),
  region('ليلى/layla عمر/omar فاطمة/fatima يوسف/yusuf', {
    family: 'حداد/haddad النجار/najjar منصور/mansour الخطيب/khatib',
    cities: 'بيروت,القاهرة,عمّان,الدار البيضاء',
  }),
  region('נועה/noa איתן/eitan תמר/tamar דניאל/daniel', {
    family: 'לוי/levi פרידמן/friedman ביטון/biton',
    cities: 'חיפה,תל אביב,באר שבע',
  }),
  region('आरव/aarav प्रिया/priya देव/dev अनन्या/ananya', {
    family: 'शर्मा/sharma गुप्ता/gupta पटेल/patel',
    cities: 'मुंबई,दिल्ली,जयपुर',
  }),
  region('美咲/misaki 蓮/ren さくら/sakura 大輔/daisuke', {
    family: '佐藤/sato 髙橋/takahashi 渡邊/watanabe',
    cities: '東京,札幌,長崎',
    familyFirst: true,
    space: ' ',
  }),
  region('伟/wei 芳/fang 静怡/jingyi 浩然/haoran', {
    family: '王/wang 李/li 欧阳/ouyang 陳/chen',
    cities: '上海,成都,臺北',
    familyFirst: true,
    space: '',
  }),
  region('서연/seoyeon 민준/minjun 지우/jiwoo 하은/haeun', {
    family: '김/kim 박/park 최/choi',
    cities: '서울,부산,제주',
    familyFirst: true,
    space: '',
  }),
  region('ნინო/nino გიორგი/giorgi Անի/ani Տիգրան/tigran', {
    family: 'ბერიძე/beridze კაპანაძე/kapanadze Պետրոսյան/petrosyan',
    cities: 'თბილისი,ბათუმი,Երևան',
  }),
  region('สมชาย/somchai มาลี/malee Nguyệt/nguyet Đức/duc', {
    family: 'ใจดี/jaidee ศรีสุข/srisuk Trần/tran Phạm/pham',
    cities: 'กรุงเทพฯ,เชียงใหม่,Đà Nẵng',
  }),
  region('ሰላም/selam ዳዊት/dawit Chiamaka/chiamaka Ọlá/ola', {
    family: 'ተስፋዬ/tesfaye በቀለ/bekele Okafor/okafor Adéwálé/adewale',
    cities: 'አዲስ አበባ,Lagos,Ìbàdàn',
  }),
];

/** Names as `written/latin` with spaces between them, cities with commas. */
function region(
  given: string,
  rest: { family: string; cities: string; familyFirst?: boolean; space?: string },
): Region {
  const { family, cities, familyFirst = false, space = ' ' } = rest;
  return { given: names(given), family: names(family), cities: cities.split(','), familyFirst, space };
}

function names(list: string): Name[] {
  return list.split(' ').map((name) => name.split('/') as [string, string]);
}
